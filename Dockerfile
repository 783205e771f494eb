# One image, one process, no root. Built without a compiler: every dependency ships wheels.
FROM python:3.13-slim-bookworm AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY gateway gateway
COPY translators translators
RUN python -m venv /opt/ocpp-gateway && /opt/ocpp-gateway/bin/pip install --no-cache-dir .

FROM python:3.13-slim-bookworm
# jemalloc: with many TLS connections coming and going, glibc's allocator keeps what they touched.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libjemalloc2 \
    && rm -rf /var/lib/apt/lists/* \
    && ln -s /usr/lib/*/libjemalloc.so.2 /usr/local/lib/libjemalloc.so.2 \
    && useradd --system --uid 10001 --home-dir /var/lib/ocpp-gateway --create-home ocpp-gateway
ENV LD_PRELOAD=/usr/local/lib/libjemalloc.so.2 PYTHONUNBUFFERED=1
COPY --from=build /opt/ocpp-gateway /opt/ocpp-gateway
USER ocpp-gateway
WORKDIR /var/lib/ocpp-gateway
VOLUME ["/var/lib/ocpp-gateway"]
EXPOSE 8443 9090
HEALTHCHECK --interval=10s --timeout=3s CMD ["/opt/ocpp-gateway/bin/python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:9090/livez', timeout=2)"]
ENTRYPOINT ["/opt/ocpp-gateway/bin/ocpp-gateway"]
CMD ["run", "-c", "/etc/ocpp-gateway/gateway.yaml"]
