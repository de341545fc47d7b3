-- pairs: l.`birth_date` = r.`birth_date`
;
-- pairs: l.birth_date = r.birth_transposed
;
-- pairs: (l.`given` = r.`given`) AND (l.`surname` = r.`surname`) AND (l.`birth_year` = r.`birth_year`)
;
-- pairs: l.`places` = r.`places`, each of ['places'] a row
;
-- pairs: l.`guardians` = r.`guardians`, each of ['guardians'] a row
;
select
    `unique_id_l`,
    `unique_id_r`,
    CASE
        WHEN `given_l` IS NULL OR `given_r` IS NULL THEN -1
        WHEN `given_l` = `given_r` THEN 4
        WHEN SIZE(ARRAY_INTERSECT(`given_forms_l`, `given_forms_r`)) >= 1 THEN 3
        WHEN jaro_winkler(`given_l`, `given_r`) >= 0.92 THEN 2
        WHEN jaro_winkler(`given_l`, `given_r`) >= 0.8 THEN 1
        ELSE 0
    END as gamma_given,
    CASE
        WHEN `surname_l` IS NULL OR `surname_r` IS NULL THEN -1
        WHEN `surname_l` = `surname_r` THEN 3
        WHEN SIZE(ARRAY_INTERSECT(`surnames_l`, `surnames_r`)) >= 1 THEN 2
        WHEN jaro_winkler(`surname_l`, `surname_r`) >= 0.9 THEN 1
        ELSE 0
    END as gamma_surname,
    CASE
        WHEN `birth_date_l` IS NULL OR `birth_date_r` IS NULL THEN -1
        WHEN `birth_date_l` = `birth_date_r` THEN 4
        WHEN birth_date_l = birth_transposed_r THEN 3
        WHEN levenshtein(`birth_text_l`, `birth_text_r`) <= 1 THEN 2
        WHEN `birth_year_l` = `birth_year_r` THEN 1
        ELSE 0
    END as gamma_birth_date,
    CASE
        WHEN `middle_l` IS NULL OR `middle_r` IS NULL THEN -1
        WHEN `middle_l` = `middle_r` THEN 2
        WHEN middle_initial_l = middle_initial_r and (length(middle_l) = 1 or length(middle_r) = 1) THEN 1
        ELSE 0
    END as gamma_middle,
    CASE
        WHEN `sex_l` IS NULL OR `sex_r` IS NULL THEN -1
        WHEN `sex_l` = `sex_r` THEN 1
        ELSE 0
    END as gamma_sex,
    CASE
        WHEN `guardians_l` IS NULL OR `guardians_r` IS NULL THEN -1
        WHEN SIZE(ARRAY_INTERSECT(`guardians_l`, `guardians_r`)) >= 2 THEN 2
        WHEN SIZE(ARRAY_INTERSECT(`guardians_l`, `guardians_r`)) >= 1 THEN 1
        ELSE 0
    END as gamma_guardians,
    CASE
        WHEN `places_l` IS NULL OR `places_r` IS NULL THEN -1
        WHEN SIZE(ARRAY_INTERSECT(`places_l`, `places_r`)) >= 1 THEN 1
        ELSE 0
    END as gamma_places,
    match_key
    from __splink__df_blocked
;
select
    `unique_id_l`,
    `unique_id_r`,
    gamma_given,
    CASE
        WHEN gamma_given = -1 THEN
            cast(0.0 as float8)
        WHEN gamma_given = 4 THEN
            cast(7.47587757010238 as float8)
        WHEN gamma_given = 3 THEN
            cast(6.468095746831311 as float8)
        WHEN gamma_given = 2 THEN
            cast(4.558768659592635 as float8)
        WHEN gamma_given = 1 THEN
            cast(-1.0943673516253094 as float8)
        WHEN gamma_given = 0 THEN
            cast(-7.141642379538485 as float8)
    END as mw_given,
    gamma_surname,
    CASE
        WHEN gamma_surname = -1 THEN
            cast(0.0 as float8)
        WHEN gamma_surname = 3 THEN
            cast(6.6229748297226925 as float8)
        WHEN gamma_surname = 2 THEN
            cast(3.668738053145722 as float8)
        WHEN gamma_surname = 1 THEN
            cast(4.670995056782658 as float8)
        WHEN gamma_surname = 0 THEN
            cast(-6.409370489213759 as float8)
    END as mw_surname,
    gamma_birth_date,
    CASE
        WHEN gamma_birth_date = -1 THEN
            cast(0.0 as float8)
        WHEN gamma_birth_date = 4 THEN
            cast(11.829787096578826 as float8)
        WHEN gamma_birth_date = 3 THEN
            cast(5.421705032520255 as float8)
        WHEN gamma_birth_date = 2 THEN
            cast(1.3885386444282817 as float8)
        WHEN gamma_birth_date = 1 THEN
            cast(-4.856268971000948 as float8)
        WHEN gamma_birth_date = 0 THEN
            cast(-8.854917443293896 as float8)
    END as mw_birth_date,
    gamma_middle,
    CASE
        WHEN gamma_middle = -1 THEN
            cast(0.0 as float8)
        WHEN gamma_middle = 2 THEN
            cast(4.207960438218511 as float8)
        WHEN gamma_middle = 1 THEN
            cast(3.130841383521423 as float8)
        WHEN gamma_middle = 0 THEN
            cast(-8.861751578402995 as float8)
    END as mw_middle,
    gamma_sex,
    CASE
        WHEN gamma_sex = -1 THEN
            cast(0.0 as float8)
        WHEN gamma_sex = 1 THEN
            cast(0.9972350239400052 as float8)
        WHEN gamma_sex = 0 THEN
            cast(-7.96878430457558 as float8)
    END as mw_sex,
    gamma_guardians,
    CASE
        WHEN gamma_guardians = -1 THEN
            cast(0.0 as float8)
        WHEN gamma_guardians = 2 THEN
            cast(13.894690590720675 as float8)
        WHEN gamma_guardians = 1 THEN
            cast(6.4219230128082945 as float8)
        WHEN gamma_guardians = 0 THEN
            cast(-8.966636153618312 as float8)
    END as mw_guardians,
    gamma_places,
    CASE
        WHEN gamma_places = -1 THEN
            cast(0.0 as float8)
        WHEN gamma_places = 1 THEN
            cast(13.557059060016897 as float8)
        WHEN gamma_places = 0 THEN
            cast(-1.2909054239982334 as float8)
    END as mw_places,
    match_key
    from __splink__df_comparison_vectors
;
select
    cast(-13.287568102831404 as float8) + mw_given + mw_surname + mw_birth_date + mw_middle + mw_sex + mw_guardians + mw_places as match_weight,
    CASE
            WHEN (cast(-13.287568102831404 as float8) + mw_given + mw_surname + mw_birth_date + mw_middle + mw_sex + mw_guardians + mw_places) >= 0 THEN
                1.0 / (1.0 + POWER(cast(2 as float8), -(cast(-13.287568102831404 as float8) + mw_given + mw_surname + mw_birth_date + mw_middle + mw_sex + mw_guardians + mw_places)))
            ELSE
                POWER(cast(2 as float8), (cast(-13.287568102831404 as float8) + mw_given + mw_surname + mw_birth_date + mw_middle + mw_sex + mw_guardians + mw_places)) /
                (1.0 + POWER(cast(2 as float8), (cast(-13.287568102831404 as float8) + mw_given + mw_surname + mw_birth_date + mw_middle + mw_sex + mw_guardians + mw_places)))
        END as match_probability,
    `unique_id_l`,
    `unique_id_r`,
    match_key
    from __splink__df_match_weight_parts
     where (cast(-13.287568102831404 as float8) + mw_given + mw_surname + mw_birth_date + mw_middle + mw_sex + mw_guardians + mw_places) >= 12.0
