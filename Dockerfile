FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
COPY src ./src
# Installs, and builds dist/ through the prepare script.
RUN npm ci && npm prune --omit=dev --ignore-scripts

FROM node:24-slim
ENV NODE_ENV=production
COPY --from=build /app/package.json /app/package.json
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
RUN ln -s /app/dist/cli/main.js /usr/local/bin/receiptd \
    && install -d -o node -g node /var/lib/receiptd
# Mount receiptd.yaml here; the embedded store and relative paths of sinks are here too, so keep it on a volume.
WORKDIR /var/lib/receiptd
VOLUME /var/lib/receiptd
USER node
EXPOSE 8090
HEALTHCHECK --interval=15s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.RECEIPTD_OPS_PORT || 8090}/readyz`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["receiptd", "run"]
