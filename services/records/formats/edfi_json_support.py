"""Special education, programmes and discipline as Ed-Fi resources."""

from datetime import date

from safepassage.record import Coded, StudentRecord
from services.records.formats.edfi_resources import Body, Resources, descriptor, organisation_id, without_nothing


def _where(record: StudentRecord) -> int | None:
    """The organisation of the latest enrolment, preferably the district: it runs the programmes."""
    rows = sorted((record.enrollment.enrollments or ()) if record.enrollment else (), key=lambda row: row.entry_date, reverse=True)
    for row in rows:
        for reference in (row.district, row.school):
            identifier = organisation_id(reference)
            if identifier is not None:
                return identifier
    return None


def _program(record: StudentRecord, student: Body, name: str, begin: date | None) -> Body:
    where = _where(record)
    members = {"studentReference": student, "beginDate": begin.isoformat() if begin else None}
    if where is not None:
        members["educationOrganizationReference"] = {"educationOrganizationId": where}
        members["programReference"] = {
            "educationOrganizationId": where,
            "programName": name,
            "programTypeDescriptor": f"uri://ed-fi.org/ProgramTypeDescriptor#{name}",
        }
    return members


def special_education(record: StudentRecord, resources: Resources, student: Body) -> None:
    """studentSpecialEducationProgramAssociations from eligibility and IEP. Goals and accommodations have no place there."""
    special = record.special_education
    if special is None or (special.eligibility is None and special.iep is None):
        return
    eligibility, iep = special.eligibility, special.iep
    disabilities = [
        without_nothing(disabilityDescriptor=descriptor(one.category, "Disability"), orderOfDisability=1 if one.primary else None)
        for one in ((eligibility.disabilities or ()) if eligibility else ())
    ]
    begin = (iep.begin_date if iep else None) or (eligibility.determined_on if eligibility else None)
    made = resources.add(
        "studentSpecialEducationProgramAssociations",
        "special_education.iep" if iep else "special_education.eligibility",
        **_program(record, student, "Special Education", begin),
        ideaEligibility=eligibility.eligible if eligibility else None,
        iepBeginDate=iep.begin_date.isoformat() if iep and iep.begin_date else None,
        iepEndDate=iep.end_date.isoformat() if iep and iep.end_date else None,
        iepReviewDate=iep.meeting_on.isoformat() if iep and iep.meeting_on else None,
        lastEvaluationDate=eligibility.evaluated_on.isoformat() if eligibility and eligibility.evaluated_on else None,
        specialEducationSettingDescriptor=descriptor(iep.environment, "SpecialEducationSetting") if iep else None,
        disabilities=disabilities,
    )
    if not made and eligibility is not None:
        resources.lost("special_education.eligibility")
    if iep is not None and (iep.goals or iep.services or iep.accommodations or iep.transition_plan):
        resources.lost("special_education.iep")


def programmes(record: StudentRecord, resources: Resources, student: Body) -> None:
    """One association for each programme that Ed-Fi knows and whose begin the record has."""
    held = record.programmes
    if held is None:
        return
    if held.homeless is not None:
        resources.add(
            "studentHomelessProgramAssociations",
            "programmes.homeless",
            **_program(record, student, "Homeless", held.homeless.begin_date),
            homelessPrimaryNighttimeResidenceDescriptor=descriptor(held.homeless.nighttime_residence, "HomelessPrimaryNighttimeResidence"),
            homelessUnaccompaniedYouth=held.homeless.unaccompanied_youth,
        )
    if held.migrant is not None:
        arrived = held.migrant.qualifying_arrival_date
        resources.add(
            "studentMigrantEducationProgramAssociations",
            "programmes.migrant",
            **_program(record, student, "Migrant Education", held.migrant.begin_date or arrived),
            lastQualifyingMove=arrived.isoformat() if arrived else None,
            qualifyingArrivalDate=arrived.isoformat() if arrived else None,
            priorityForServices=held.migrant.priority_for_services,
        )
    if held.english_learner is not None:
        _plain(record, resources, student, "studentLanguageInstructionProgramAssociations", "programmes.english_learner", "Bilingual")
    if held.meal_status is not None:
        kind = _meal(held.meal_status.eligibility)
        resources.add(
            "studentSchoolFoodServiceProgramAssociations",
            "programmes.meal_status",
            **_program(record, student, "School Food Service", held.meal_status.begin_date),
            directCertification=held.meal_status.directly_certified,
            schoolFoodServiceProgramServices=[{"schoolFoodServiceProgramServiceDescriptor": kind}],
        )
    if held.gifted is not None:
        _plain(record, resources, student, "studentProgramAssociations", "programmes.gifted", "Gifted and Talented")


def _plain(record: StudentRecord, resources: Resources, student: Body, resource: str, element: str, name: str) -> None:
    member = getattr(record.programmes, element.partition(".")[2])
    resources.add(resource, element, **_program(record, student, name, member.begin_date))


def _meal(eligibility: Coded) -> str:
    """The status as a descriptor of its own: the record does not say which meals."""
    return descriptor(eligibility, "SchoolFoodServiceProgramService") or ""


def discipline(record: StudentRecord, resources: Resources, student: Body) -> None:
    """disciplineIncidents, the student's behaviours in them, and disciplineActions."""
    for place, one in enumerate((record.discipline.incidents or ()) if record.discipline else (), start=1):
        school = organisation_id(one.school)
        identifier = (one.identifier or f"{student['studentUniqueId'][:24]}-{place}")[:36]
        made = resources.add(
            "disciplineIncidents",
            "discipline.incidents",
            incidentIdentifier=identifier,
            incidentDate=one.incident_date.isoformat(),
            schoolReference=None if school is None else {"schoolId": school},
            incidentLocationDescriptor=descriptor(one.location, "IncidentLocation"),
            incidentDescription=one.description,
            reportedToLawEnforcement=one.reported_to_law_enforcement,
        )
        if not made:
            continue
        reference = {"incidentIdentifier": identifier, "schoolId": school}
        role = {"disciplineIncidentParticipationCodeDescriptor": descriptor(one.role, "DisciplineIncidentParticipationCode")}
        for behavior in one.behaviors or ():
            resources.add(
                "studentDisciplineIncidentBehaviorAssociations",
                "discipline.incidents",
                behaviorDescriptor=descriptor(behavior, "Behavior"),
                disciplineIncidentReference=reference,
                studentReference=student,
                disciplineIncidentParticipationCodes=[role],
            )
        if not one.behaviors:
            resources.lost("discipline.incidents")
        for number, action in enumerate(one.actions or (), start=1):
            resources.add(
                "disciplineActions",
                "discipline.incidents",
                disciplineActionIdentifier=(action.identifier or f"{identifier[:33]}-{number}")[:36],
                disciplineDate=action.begin_date.isoformat() if action.begin_date else None,
                disciplines=[{"disciplineDescriptor": descriptor(action.action, "Discipline")}],
                responsibilitySchoolReference={"schoolId": school},
                studentReference=student,
                disciplineActionLength=float(action.length_days) if action.length_days is not None else None,
                actualDisciplineActionLength=float(action.served_days) if action.served_days is not None else None,
                iepPlacementMeetingIndicator=action.placement_meeting_held,
            )
