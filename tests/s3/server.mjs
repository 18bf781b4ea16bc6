// An S3 server over a directory, with one bucket and one access key. It ends with its
// standard input.
import S3rver from 's3rver'

const server = new S3rver({
  port: 0,
  address: '127.0.0.1',
  silent: true,
  directory: process.argv[2],
  configureBuckets: [{ name: 'backups' }],
})
const { port } = await server.run()
console.log(`ready http://127.0.0.1:${port}`)
process.stdin.resume().on('end', () => process.exit())
