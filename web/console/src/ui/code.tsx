import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { json, jsonParseLinter } from '@codemirror/lang-json'
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { linter } from '@codemirror/lint'
import { Compartment, EditorState, Prec, type Extension } from '@codemirror/state'
import { drawSelection, EditorView, keymap, lineNumbers, placeholder } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { graphql } from 'cm6-graphql'
import type { GraphQLSchema } from 'graphql'
import { useEffect, useRef } from 'react'

interface Props {
  label: string
  value: string
  language: 'json' | 'graphql'
  onChange?: (value: string) => void // none: it is shown, and can't be written into
  onRun?: () => void // Ctrl+Enter
  schema?: GraphQLSchema | undefined // completes and checks what is written
  hint?: string
}

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.definitionKeyword], color: 'var(--violet)' },
  { tag: [tags.string, tags.special(tags.string)], color: 'var(--accent)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--warn)' },
  { tag: [tags.propertyName, tags.attributeName, tags.variableName, tags.special(tags.variableName)], color: 'var(--info)' },
  { tag: [tags.typeName, tags.className, tags.namespace], color: 'var(--violet)' },
  { tag: [tags.comment, tags.lineComment, tags.blockComment, tags.punctuation], color: 'var(--quiet)' },
])

const look = EditorView.theme({
  '&': { height: '100%', fontSize: '12px', color: 'var(--ink)', backgroundColor: 'transparent' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--mono)', lineHeight: '1.6', overscrollBehavior: 'contain' },
  '.cm-content': { padding: '10px 0', caretColor: 'var(--ink)' },
  '.cm-line': { padding: '0 12px 0 4px' },
  '.cm-gutters': { backgroundColor: 'transparent', color: 'var(--quiet)', border: '0' },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 4px 0 12px', fontSize: '11px' },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '.cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground': { backgroundColor: 'color-mix(in srgb, var(--accent) 24%, transparent)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--chosen)', outline: '1px solid var(--edge)' },
  '.cm-placeholder': { color: 'var(--quiet)' },
  '.cm-foldPlaceholder': { backgroundColor: 'var(--hover)', border: '0', color: 'var(--quiet)', padding: '0 5px' },
  '.cm-tooltip': { border: '1px solid var(--line)', borderRadius: '8px', backgroundColor: 'var(--raised)', color: 'var(--ink)', boxShadow: 'var(--shadow-2)', overflow: 'hidden', fontFamily: 'var(--sans)', maxWidth: '26rem' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul': { fontFamily: 'var(--mono)', fontSize: '12px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li': { padding: '3px 8px' },
  '.cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]': { backgroundColor: 'var(--chosen)', color: 'var(--ink)' },
  '.cm-completionDetail': { color: 'var(--quiet)', fontStyle: 'normal', marginLeft: '1em' },
  '.cm-completionInfo': { padding: '6px 10px', fontSize: '12px' },
  '.cm-completionMatchedText': { textDecoration: 'none', fontWeight: '600', color: 'var(--accent)' },
  '.cm-diagnostic': { padding: '4px 10px', borderLeft: '3px solid var(--bad)', fontSize: '12px' },
})

// jsonOrNothing lets an empty text be no mistake.
const checkJSON = jsonParseLinter()
const jsonOrNothing = linter((view) => (view.state.doc.toString().trim() === '' ? [] : checkJSON(view)))

const languageOf = (language: Props['language'], schema: GraphQLSchema | undefined, writes: boolean): Extension => (language === 'json' ? [json(), ...(writes ? [jsonOrNothing] : [])] : graphql(schema))

/** Code is an editor. It is in a tree of its own under the element: there its styles are adopted, where the page's policy would refuse them as elements. */
export default function Code({ label, value, language, onChange, onRun, schema, hint }: Props) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const speech = useRef(new Compartment())
  const calls = useRef({ onChange, onRun })
  calls.current = { onChange, onRun }
  const writes = onChange !== undefined
  useEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: 'open' })
    const run = (): boolean => (calls.current.onRun?.(), calls.current.onRun !== undefined)
    const made = new EditorView({
      root,
      parent: root,
      state: EditorState.create({
        doc: value,
        extensions: [
          lineNumbers(), foldGutter(), history(), drawSelection(), bracketMatching(), look, syntaxHighlighting(colours), EditorView.lineWrapping,
          Prec.highest(keymap.of([{ key: 'Mod-Enter', run }])),
          speech.current.of(languageOf(language, schema, writes)),
          writes ? [closeBrackets(), autocompletion()] : [EditorState.readOnly.of(true), EditorView.editable.of(false)],
          keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...foldKeymap, ...completionKeymap]),
          EditorView.contentAttributes.of({ 'aria-label': label, ...(writes ? {} : { tabindex: '0', 'aria-readonly': 'true' }) }),
          hint ? placeholder(hint) : [],
          EditorView.updateListener.of((u) => u.docChanged && calls.current.onChange?.(u.state.doc.toString())),
        ],
      }),
    })
    view.current = made
    return () => made.destroy()
    // What is written later comes by the effects below.
  }, [label, language, writes, hint])
  useEffect(() => view.current?.dispatch({ effects: speech.current.reconfigure(languageOf(language, schema, writes)) }), [language, schema, writes])
  useEffect(() => {
    const now = view.current
    if (now && now.state.doc.toString() !== value) now.dispatch({ changes: { from: 0, to: now.state.doc.length, insert: value } })
  }, [value])
  return <div ref={host} className="code" />
}
