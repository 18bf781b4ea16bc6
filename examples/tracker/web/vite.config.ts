import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// `npm run dev` serves the source at /demo, with the doors of a `loam dev` behind it.
// `npm run build` writes ../demo, which `loam demo` serves.
const doors = ['/api', '/auth', '/live', '/channels', '/account', '/_mail']

export default defineConfig({
  base: '/demo/',
  plugins: [react()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0, // each file under a name of its own, which the policy allows
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { checks: { pluginTimings: false } }, // how fast a machine is, is no fault
  },
  server: { proxy: Object.fromEntries(doors.map((door) => [door, { target: 'http://127.0.0.1:8080', ws: true }])) },
})
