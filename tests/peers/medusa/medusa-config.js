const { defineConfig } = require("@medusajs/framework/utils");

const { DATABASE_URL, PEER_SECRET } = process.env;
const cors = "http://localhost";

// Modules that are not listed are Medusa's defaults: events, workflows, locks and cache in memory, search in PostgreSQL.
module.exports = defineConfig({
  projectConfig: {
    databaseUrl: DATABASE_URL,
    workerMode: "shared",
    http: { storeCors: cors, adminCors: cors, authCors: cors, jwtSecret: PEER_SECRET, cookieSecret: PEER_SECRET },
  },
  admin: { disable: true },
});
