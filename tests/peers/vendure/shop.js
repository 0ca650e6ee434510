// The configuration of Vendure, and its start. Server and worker are one process, with the job queue in memory.
const { DefaultLogger, DefaultSearchPlugin, JobQueueService, LogLevel, bootstrap, dummyPaymentHandler } = require("@vendure/core");

const { ADMIN_EMAIL, ADMIN_PASSWORD, DATABASE_URL, PEER_SECRET, PORT } = process.env;

exports.start = async ({ createsSchema }) => {
  const app = await bootstrap({
    apiOptions: { hostname: "127.0.0.1", port: Number(PORT), adminApiPath: "admin-api", shopApiPath: "shop-api", cors: false },
    authOptions: {
      tokenMethod: "bearer",
      requireVerification: false,
      superadminCredentials: { identifier: ADMIN_EMAIL, password: ADMIN_PASSWORD },
      cookieOptions: { secret: PEER_SECRET },
    },
    dbConnectionOptions: { type: "postgres", url: DATABASE_URL, synchronize: createsSchema, logging: false },
    paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
    plugins: [DefaultSearchPlugin.init({ bufferUpdates: false, indexStockStatus: true })],
    logger: new DefaultLogger({ level: LogLevel.Warn, timestamp: true }),
  });
  await app.get(JobQueueService).start();
  return app;
};
