# One image; the command picks the service: `serve records`, `migrate records`.
# Every package is a wheel whose hash requirements.lock pins. Runs as a user who owns nothing, from a root file system that is read-only.
ARG PYTHON_IMAGE=python:3.11-slim

FROM ${PYTHON_IMAGE} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
COPY requirements.lock ./
RUN pip wheel --quiet --require-hashes --wheel-dir wheels --requirement requirements.lock
COPY pyproject.toml deploy/image/declared.py ./
COPY sdk/python/pyproject.toml sdk/python/
# The product's environment has what it declares and no more; the build's own tools (hatchling) live in one that stays behind.
RUN python -m venv --without-pip /opt/safe-passage && python -m venv tools \
    && python declared.py pyproject.toml sdk/python/pyproject.toml >declared.txt \
    && pip --python /opt/safe-passage/bin/python install --quiet --no-index --find-links wheels --requirement declared.txt \
    && tools/bin/pip install --quiet --no-index --find-links wheels hatchling editables
COPY README.md LICENSE ./
COPY sdk sdk
COPY shared shared
COPY services services
COPY node node
RUN tools/bin/pip wheel --quiet --no-index --no-deps --no-build-isolation --wheel-dir product ./sdk/python . \
    && pip --python /opt/safe-passage/bin/python install --quiet --no-index --no-deps product/*.whl \
    && pip --python /opt/safe-passage/bin/python check

FROM ${PYTHON_IMAGE} AS runtime
RUN groupadd --system --gid 10001 safe-passage \
    && useradd --system --uid 10001 --gid 10001 --home-dir /nonexistent --shell /usr/sbin/nologin safe-passage \
    && python -m pip uninstall --quiet --yes pip setuptools wheel
COPY --from=build /opt/safe-passage /opt/safe-passage
COPY deploy/image/healthcheck.py /opt/safe-passage/healthcheck.py
ENV PATH=/opt/safe-passage/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /tmp
USER 10001:10001
EXPOSE 8443
HEALTHCHECK --interval=10s --timeout=10s --start-period=60s --retries=3 CMD ["python", "-I", "-S", "/opt/safe-passage/healthcheck.py"]
ENTRYPOINT ["safepassage-node"]
CMD ["--help"]

# Compose alone uses this stage: it makes the keys and certificates of two fictional nodes. No service runs from it.
FROM runtime AS set-up
USER 0:0
COPY deploy/compose deploy/postgres/verifier.py /opt/safe-passage/compose/
# A new volume takes its owner from the folder it is mounted on.
RUN for node in alder birch; do \
      for folder in public keys/gateway keys/privacy keys/records/hpke keys/audit; do mkdir -p "/set-up/$node/$folder"; done; \
    done \
    && mkdir -p /set-up/operator /set-up/postgres \
    && chown -R 10001:10001 /set-up && chmod -R 0700 /set-up
USER 10001:10001
ENTRYPOINT ["python"]
CMD ["/opt/safe-passage/compose/set_up.py", "/set-up"]
HEALTHCHECK NONE

FROM runtime AS node
