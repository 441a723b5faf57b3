# The gate in a container. It keeps its state in /data and reads /config/otagate.yaml; nothing else is written, so it
# runs with a read-only root file system:
#   docker run --read-only -v otagate-data:/data -v ./config:/config:ro -p 80:8080 -p 443:8443 otagate

FROM node:26-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# The Node of the image serves. The one among the development packages would come by its install script, which stays off.
RUN npm ci --ignore-scripts --no-audit --no-fund && ln -sfn "$(command -v node)" node_modules/.bin/node
COPY tsconfig.json tsconfig.build.json ./
COPY scripts scripts
COPY src src
RUN npm run build

FROM node:26-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:26-slim
ENV NODE_ENV=production
WORKDIR /app
# As the configuration's own default has it: ../data, seen from /config.
RUN install -d -o node -g node -m 700 /data && install -d /config
COPY --from=packages /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --chmod=644 package.json LICENSE ./
# The image's user "node", as a number: Kubernetes believes runAsNonRoot only of a number.
USER 1000:1000
VOLUME ["/data", "/config"]
EXPOSE 8080 8443
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
  CMD ["node", "/app/dist/cli/main.js", "status", "-c", "/config/otagate.yaml"]
# Without the flag, Node opens its debugger on SIGUSR1, which is the signal to reopen logs.
ENTRYPOINT ["node", "/app/dist/cli/main.js"]
CMD ["serve", "-c", "/config/otagate.yaml"]
