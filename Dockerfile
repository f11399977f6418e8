# syntax=docker/dockerfile:1
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . ./
RUN npm run build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund && mkdir data

FROM node:24-bookworm-slim
ENV NODE_ENV=production \
    XDG_DATA_HOME=/data \
    HTTP_HOST=0.0.0.0
WORKDIR /app
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/bin ./bin
COPY --from=build /app/migrations ./migrations
COPY --from=build /app/dist ./dist
# The only folder that it writes to, besides /tmp.
COPY --from=build --chown=node:node /app/data /data
VOLUME /data
USER node
EXPOSE 23456
HEALTHCHECK --interval=30s --timeout=10s --start-period=20s CMD node bin/schub.mjs status --json || exit 1
ENTRYPOINT ["node", "bin/schub.mjs"]
CMD ["serve"]
