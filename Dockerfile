# What every service of docker-compose.yml runs, PostgreSQL aside.
FROM python:3.11.14-slim-bookworm AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY jointopt jointopt
COPY dashboards dashboards
COPY studies studies
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
    && python -m venv /opt/jointopt \
    && /opt/jointopt/bin/pip install --no-cache-dir --only-binary=:all: -c constraints.txt \
        "$(echo /wheels/*.whl)[postgres,grpc]"

FROM python:3.11.14-slim-bookworm
RUN groupadd --gid 10001 jointopt && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin jointopt
COPY --from=build /opt/jointopt /opt/jointopt
ENV PATH=/opt/jointopt/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 HOME=/tmp
WORKDIR /study
USER 10001:10001
# Each service has a check of its own, in docker-compose.yml.
HEALTHCHECK NONE
ENTRYPOINT ["jointopt"]
