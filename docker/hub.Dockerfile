# The hub. Build from the root of the repository: docker build -f docker/hub.Dockerfile -t collimator-hub .
FROM node:24-bookworm AS build
WORKDIR /src
COPY . .
# The official image keeps Node's headers under /usr/local, so better-sqlite3 compiles without a download.
ENV npm_config_nodedir=/usr/local ONNXRUNTIME_NODE_INSTALL=skip
RUN npm install --no-save --no-audit --no-fund && npm run build && npm prune --omit=dev --no-save

FROM node:24-bookworm-slim
WORKDIR /opt/collimator
COPY --from=build --chown=root:root /src/package.json /src/collimator.mjs ./
COPY --from=build --chown=root:root /src/node_modules ./node_modules
COPY --from=build --chown=root:root /src/shared ./shared
COPY --from=build --chown=root:root /src/provisioning ./provisioning
COPY --from=build --chown=root:root /src/hub ./hub
RUN mkdir -p /var/lib/collimator-hub && chown node:node /var/lib/collimator-hub
USER node
VOLUME /var/lib/collimator-hub
EXPOSE 8443 8883
STOPSIGNAL SIGTERM
CMD ["node", "collimator.mjs", "hub", "start", "--config", "/etc/collimator/hub.yaml"]
