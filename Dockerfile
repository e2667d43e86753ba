# One image for all roles of a server install; docker-compose.yml says which container has which role.
#   docker build -t clickledger:0.1.0 .

# The Python that the tests run on.
ARG PYTHON_IMAGE=python:3.11.13-slim-bookworm

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
RUN python -m venv /opt/clickledger
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY kernel kernel
COPY partners partners
COPY fraud fraud
COPY reports reports
COPY tracker tracker
COPY clickledger clickledger
RUN /opt/clickledger/bin/pip install --no-cache-dir --disable-pip-version-check \
        --constraint constraints.txt '.[server]'

FROM ${PYTHON_IMAGE}
# A number, so that an orchestrator can check that it isn't root, and that volumes keep their owner.
RUN groupadd --system --gid 10001 clickledger \
    && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/clickledger --shell /usr/sbin/nologin clickledger \
    && install --directory --owner 10001 --group 10001 --mode 0700 /var/lib/clickledger
COPY --from=build /opt/clickledger /opt/clickledger
ENV PATH=/opt/clickledger/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CLICKLEDGER_DATA_DIR=/var/lib/clickledger \
    CLICKLEDGER_EDGE_HOST=0.0.0.0 \
    CLICKLEDGER_WEB_HOST=0.0.0.0 \
    CLICKLEDGER_LOG_FORMAT=json
USER 10001:10001
VOLUME /var/lib/clickledger
WORKDIR /var/lib/clickledger
EXPOSE 8000 8001
STOPSIGNAL SIGTERM
# Run it with an init (docker run --init; docker-compose.yml does), so that signals arrive and orphans are reaped.
ENTRYPOINT ["clickledger"]
CMD ["--help"]
