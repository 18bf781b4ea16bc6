// Made by `loam generate ts` from schema.graphql. What is written here is lost with the next run.
/* eslint-disable */

export * from '@loam/react/ui'
