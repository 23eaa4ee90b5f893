ARG NODE=24.21.0-bookworm-slim

FROM node:${NODE} AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
# Nothing that is fetched gets to run here: no dependency needs its install script.
RUN npm ci --ignore-scripts
COPY src ./src
# An optional peer of a page's library keeps the compiler, which nothing uses at run time.
RUN npm run build \
    && npm prune --omit=dev --ignore-scripts \
    && rm -rf node_modules/typescript node_modules/@typescript

FROM node:${NODE}
LABEL org.opencontainers.image.title="receiptd" \
      org.opencontainers.image.description="Drains Alibaba Cloud Communications receipts out of MNS queues and delivers each one, once, to your sinks" \
      org.opencontainers.image.licenses="Apache-2.0"
# As process 1, Node would neither stop on a signal while it loads nor bury the orphans of what handlers start: tini does.
RUN apt-get update \
    && apt-get install -y --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production
COPY LICENSE /app/LICENSE
COPY --from=build /app/package.json /app/package.json
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
RUN ln -s /app/dist/cli/main.js /usr/local/bin/receiptd \
    && install -d -o node -g node /var/lib/receiptd
# Mount receiptd.yaml here; the embedded store and relative paths of sinks are here too, so keep it on a volume. Beside it
# only /tmp is written to, so the root may be read-only.
WORKDIR /var/lib/receiptd
VOLUME /var/lib/receiptd
# The user node, as a number: Kubernetes cannot tell of a name whether it is root.
USER 1000:1000
EXPOSE 8090
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=3 CMD ["receiptd", "status"]
ENTRYPOINT ["tini", "--", "receiptd"]
CMD ["run"]
