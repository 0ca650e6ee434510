const { configureStoreSearch, defineMiddlewares } = require("@medusajs/framework/http");

// Medusa loads the default export only.
exports.default = defineMiddlewares({
  routes: [{ matcher: "/store/search", middlewares: [configureStoreSearch({ allowed_indexes: { product: true } })] }],
});
