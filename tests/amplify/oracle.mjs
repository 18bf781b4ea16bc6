// Prints what AWS Amplify's own packages make of each testdata/*.graphql, so
// that the Go tests can hold Loam's served schema against it without Node: the
// AppSync schema (*.appsync.graphql), and the documents that `amplify codegen`
// writes for a client of it (*.documents.graphql).
//
//   npm run oracle    write the goldens, and the sum of what they come of
//   npm run check     fail where a golden differs from what Amplify prints today
import { readdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { record, unchanged } from './printed.mjs';

const require = createRequire(import.meta.url);
const { App, NestedStack, Stack } = require('aws-cdk-lib');
const { constructTransform } = require('@aws-amplify/graphql-transformer');
const { generateStatements } = require('@aws-amplify/graphql-generator');
const { DDB_DEFAULT_DATASOURCE_STRATEGY } = require('@aws-amplify/graphql-transformer-core');
const { parse } = require('graphql');

const testdata = path.join(path.dirname(fileURLToPath(import.meta.url)), 'testdata');

// Every provider is configured, so that a schema may use any of them.
const authConfig = {
  defaultAuthentication: { authenticationType: 'API_KEY', apiKeyConfig: { apiKeyExpirationDays: 7 } },
  additionalAuthenticationProviders: [
    { authenticationType: 'AMAZON_COGNITO_USER_POOLS', userPoolConfig: { userPoolId: 'eu-west-1_pool' } },
    { authenticationType: 'AWS_IAM' },
    { authenticationType: 'OPENID_CONNECT', openIDConnectConfig: { name: 'oidc', issuerUrl: 'https://issuer.example.com' } },
  ],
};

const synthParameters = {
  amplifyEnvironmentName: 'NONE',
  apiName: 'oracle',
  authenticatedUserRoleName: 'authenticated',
  unauthenticatedUserRoleName: 'unauthenticated',
  userPoolId: 'eu-west-1_pool',
  identityPoolId: 'eu-west-1:identities',
};

// @refersTo renames columns of imported SQL tables only: a file whose first
// line is "# sql" is transformed as one that describes such tables.
const sqlStrategy = {
  name: 'oracle',
  dbType: 'MYSQL',
  dbConnectionConfig: {
    databaseNameSsmPath: '/database',
    hostnameSsmPath: '/hostname',
    passwordSsmPath: '/password',
    portSsmPath: '/port',
    usernameSsmPath: '/username',
  },
};

const asset = { assetHash: 'hash', httpUrl: 'url', s3BucketName: 'bucket', s3ObjectKey: 'key', s3ObjectUrl: 's3://bucket/key' };

function appsync(schema) {
  const isModel = (d) => d.kind === 'ObjectTypeDefinition' && d.directives.some((dir) => dir.name.value === 'model');
  const strategy = schema.startsWith('# sql\n') ? sqlStrategy : DDB_DEFAULT_DATASOURCE_STRATEGY;
  const models = parse(schema).definitions.filter(isModel).map((d) => d.name.value);
  const joins = [...schema.matchAll(/relationName:\s*"(\w+)"/g)].map((m) => m[1][0].toUpperCase() + m[1].slice(1));
  const transform = constructTransform({ transformersFactoryArgs: {}, authConfig, transformParameters: {} });
  const stack = new Stack(new App(), 'oracle');
  transform.transform({
    schema,
    scope: stack,
    nestedStackProvider: { provide: (scope, name) => new NestedStack(scope, name) },
    assetProvider: { provide: () => asset },
    synthParameters,
    dataSourceStrategies: Object.fromEntries([...models, ...joins].map((name) => [name, strategy])),
  });
  return stack.node.findChild('GraphQLAPI').schema.definition.trim() + '\n';
}

// What the command `amplify codegen` writes with its own defaults.
function documents(appsync) {
  const files = generateStatements({ schema: appsync, target: 'graphql', maxDepth: 2, typenameIntrospection: true });
  const header = /^# this is an auto generated file.*\n+/;
  return Object.keys(files).sort().map((name) => files[name].replace(header, '')).join('\n');
}

const check = process.argv.includes('--check');
let stale = 0;

function golden(name, text) {
  const file = path.join(testdata, name);
  if (!check) {
    writeFileSync(file, text);
  } else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
    console.error(`${name} differs from what Amplify prints; run: npm run oracle`);
    stale++;
  }
}

for (const file of readdirSync(testdata).filter((f) => /^[a-z0-9]+\.graphql$/.test(f)).sort()) {
  const name = file.replace(/\.graphql$/, '');
  const schema = appsync(readFileSync(path.join(testdata, file), 'utf8'));
  golden(`${name}.appsync.graphql`, schema);
  golden(`${name}.documents.graphql`, documents(schema));
}
if (!check) {
  record();
} else if (!stale && !unchanged()) {
  console.error('the goldens are what Amplify prints, but printed.sum is of others; run: npm run oracle');
  stale++;
}
process.exitCode = stale ? 1 : 0;
