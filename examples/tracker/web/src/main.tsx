import { createRoot } from 'react-dom/client'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createClient } from './loam'
import { LoamProvider } from './loam/react'
import { App } from './app'
import './loam/ui.css'
import './style.css'

// Two windows can be two people: what is signed in to is the window's own.
const client = createClient({ storage: 'session' })

createRoot(document.getElementById('app')!).render(
  <QueryClientProvider client={new QueryClient()}>
    <LoamProvider client={client}>
      <App />
    </LoamProvider>
  </QueryClientProvider>,
)
