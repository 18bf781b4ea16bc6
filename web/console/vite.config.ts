import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// `npm run dev` serves the source, with the doors of a `loam demo` behind it.
const server = process.env.LOAM_URL ?? 'http://127.0.0.1:8080'
const doors = ['/api', '/auth', '/account', '/graphql', '/_mail', '/console/api', '/healthz']

export default defineConfig({
  base: '/console/',
  plugins: [react()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // the policy lets no data: URL be a font or a script
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000,
  },
  server: { proxy: Object.fromEntries(doors.map((door) => [door, { target: server, changeOrigin: false, ws: true }])) },
})
