// Creates the shop and its catalog: node populate.js products.csv
const { populate } = require("@vendure/core/cli");
const { start } = require("./shop");

const shop = {
  defaultLanguage: "en",
  defaultZone: "Europe",
  countries: [{ code: "BE", name: "Belgium", zone: "Europe" }],
  taxRates: [{ name: "Standard Tax", percentage: 21 }],
  shippingMethods: [{ name: "Standard", price: 500 }],
  paymentMethods: [{ name: "Card", handler: { code: "dummy-payment-handler", arguments: [{ name: "automaticSettle", value: "true" }] } }],
  collections: [],
};

populate(() => start({ createsSchema: true }), shop, process.argv[2]).then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
