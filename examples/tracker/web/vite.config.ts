import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// `npm run dev` serves the source, with the doors of a `loam dev` behind it.
const doors = ['/api', '/auth', '/live', '/channels']

export default defineConfig({
  plugins: [react()],
  server: { proxy: Object.fromEntries(doors.map((door) => [door, { target: 'http://127.0.0.1:8080', ws: true }])) },
})
