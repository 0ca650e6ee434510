// The search index of products. Medusa creates it in PostgreSQL, fills it when it starts, and updates it by events.
const { defineSearchIndex, graphConsume, graphSeed, search } = require("@medusajs/framework/utils");

const source = {
  fields: [
    ...["id", "title", "description", "handle", "status"],
    ...["categories.name", "tags.value", "sales_channels.id", "variants.sku", "variants.prices.amount"],
  ],
  transform: (products) =>
    products.map(({ id, title, description, handle, status, categories, tags, sales_channels, variants }) => ({
      ...{ id, title, description, handle, status },
      category: categories.map(({ name }) => name),
      tag: tags.map(({ value }) => value),
      sku: variants.map(({ sku }) => sku),
      price: Math.min(...variants.flatMap(({ prices }) => prices.map(({ amount }) => amount))),
      sales_channel_ids: sales_channels.map((channel) => channel.id),
    })),
};

module.exports = {
  products: defineSearchIndex({
    name: "product",
    entity: "product",
    fields: search.define({
      id: search.keyword().filterable(),
      title: search.text().searchable({ weight: 3 }),
      description: search.text().searchable(),
      handle: search.keyword(),
      status: search.keyword().filterable(),
      category: search.keyword().array().searchable().facetable(),
      tag: search.keyword().array().searchable().facetable(),
      sku: search.keyword().array().filterable(),
      price: search.float().filterable(),
      sales_channel_ids: search.keyword().array().filterable(),
    }),
    events: ["product.created", "product.updated", "product.deleted"],
    consume: graphConsume(source),
    seed: graphSeed(source),
  }),
};
