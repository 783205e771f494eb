# syntax=docker/dockerfile:1
# One image, no root, no compiler: every dependency ships wheels. Runs with a read-only root:
#
#   docker run --read-only --tmpfs /tmp -v state:/var/lib/ocpp-gateway -v ./gateway.yaml:/etc/ocpp-gateway/gateway.yaml:ro ...
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY gateway gateway
COPY translators translators
RUN python -m venv /opt/ocpp-gateway && /opt/ocpp-gateway/bin/pip install --no-cache-dir ".[tracing]"

FROM python:3.13-slim-bookworm
# jemalloc: with many TLS connections coming and going, glibc's allocator keeps what they touched. Its newest is wanted.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libjemalloc2 \
    && rm -rf /var/lib/apt/lists/* \
    && ln -s /usr/lib/*/libjemalloc.so.2 /usr/local/lib/libjemalloc.so.2 \
    && groupadd --system --gid 10001 ocpp-gateway \
    && useradd --system --uid 10001 --gid 10001 --home-dir /var/lib/ocpp-gateway --create-home ocpp-gateway
ENV LD_PRELOAD=/usr/local/lib/libjemalloc.so.2 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
COPY --from=build /opt/ocpp-gateway /opt/ocpp-gateway
# By number: Kubernetes' runAsNonRoot cannot look a name up.
USER 10001:10001
WORKDIR /var/lib/ocpp-gateway
VOLUME ["/var/lib/ocpp-gateway"]
EXPOSE 8443 9090
# Lives, not is ready: a gateway that drains must be left to it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s CMD ["/opt/ocpp-gateway/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9090/livez', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/opt/ocpp-gateway/bin/ocpp-gateway"]
CMD ["run", "-c", "/etc/ocpp-gateway/gateway.yaml"]
