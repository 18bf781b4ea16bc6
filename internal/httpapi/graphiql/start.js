// Opens GraphiQL on this server. Credentials go into the Headers tab and stay
// in this page: nothing is kept in the browser's storage.
'use strict';
const kept = new Map();
const memory = {
  getItem: (key) => kept.get(key) ?? null,
  setItem: (key, value) => kept.set(key, value),
  removeItem: (key) => kept.delete(key),
  clear: () => kept.clear(),
  get length() { return kept.size; },
};
const welcome = `# Sign in first: POST /auth/sign-in gives an
# access token. Put it into the Headers tab:
# {"Authorization": "Bearer <access token>"}
#
# The book on the left opens the schema.
# Ctrl+Space completes, Ctrl+Enter runs.

{
  __schema {
    queryType {
      fields {
        name
        description
      }
    }
  }
}
`;
ReactDOM.createRoot(document.getElementById('explorer')).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: '/graphql' }),
    storage: memory,
    defaultQuery: welcome,
    defaultEditorToolsVisibility: 'headers',
    shouldPersistHeaders: false,
  }),
);
