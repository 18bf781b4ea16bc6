import { createRoot } from 'react-dom/client'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createClient } from './loam'
import { LoamProvider } from './loam/react'
import { App } from './app'
import './loam/ui.css'
import './style.css'

createRoot(document.getElementById('app')!).render(
  <QueryClientProvider client={new QueryClient()}>
    <LoamProvider client={createClient()}>
      <App />
    </LoamProvider>
  </QueryClientProvider>,
)
