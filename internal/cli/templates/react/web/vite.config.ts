import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// What the page asks of its own address goes on to `loam dev`: with another --addr there,
// another target here.
const doors = ['/api', '/auth', '/live', '/channels', '/account']

export default defineConfig({
  plugins: [react()],
  server: { proxy: Object.fromEntries(doors.map((door) => [door, { target: 'http://127.0.0.1:8080', ws: true }])) },
})
