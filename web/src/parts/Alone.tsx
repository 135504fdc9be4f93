import type { ReactNode } from 'react'

/** A page without the shell: sign-in and the pages links lead to. */
export function Alone({ title, children }: { title: string; children: ReactNode }) {
  return (
    <main className="alone">
      <div className="alone-box">
        <p className="brand">
          <img src="/icon.svg" alt="" width={22} height={22} /> Annals
        </p>
        <h1>{title}</h1>
        {children}
      </div>
    </main>
  )
}
