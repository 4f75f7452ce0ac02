# syntax=docker/dockerfile:1
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package tickwire-server \
    && cp target/release/tickwire-server /usr/local/bin/

FROM debian:bookworm-slim
COPY --from=build /usr/local/bin/tickwire-server /usr/bin/
USER 65532:65532
ENV TICKWIRE_LISTEN=0.0.0.0:8080
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["tickwire-server", "ready"]
ENTRYPOINT ["tickwire-server"]
