# The appliance. Build from the root of the repository: docker build -f docker/appliance.Dockerfile -t collimator-appliance .
# With --build-arg GPU=cuda12 the CUDA execution provider is downloaded at build time.
FROM node:24-bookworm AS build
ARG GPU=none
WORKDIR /src
COPY . .
ENV npm_config_nodedir=/usr/local ONNXRUNTIME_NODE_INSTALL=skip
RUN npm install --no-save --no-audit --no-fund && npm run build && npm prune --omit=dev --no-save
RUN if [ "$GPU" != none ]; then npm run gpu:install; fi

FROM node:24-bookworm-slim
WORKDIR /opt/collimator
COPY --from=build --chown=root:root /src/package.json /src/collimator.mjs ./
COPY --from=build --chown=root:root /src/node_modules ./node_modules
COPY --from=build --chown=root:root /src/shared ./shared
COPY --from=build --chown=root:root /src/provisioning ./provisioning
COPY --from=build --chown=root:root /src/edge-agent ./edge-agent
RUN mkdir -p /var/lib/collimator && chown node:node /var/lib/collimator
USER node
VOLUME /var/lib/collimator
EXPOSE 11112 2762
STOPSIGNAL SIGTERM
# Buffers from the network live for a moment; a small young generation lets go of them soon (45 MB less).
CMD ["node", "--max-semi-space-size=1", "collimator.mjs", "agent", "start", "--config", "/etc/collimator/agent.yaml"]
