// What events make of a list, and what it looks like ahead of writes on their way.
import assert from 'node:assert/strict'
import test from 'node:test'
import { ahead, applied, idOf, nothing, whole } from '../../sdk/js/dist/window.js'

const row = (id, more) => ({ id, version: 1, ...more })
const three = applied(nothing, 'rows', { items: [row('a'), row('b'), row('c')], nextCursor: 'n', total: 9 }, ['id'])
const ids = (rows) => rows.map((r) => r.id).join('')

for (const [name, type, data, want, cursor = 'n'] of [
  ['an insert at its index', 'insert', { id: 'x', index: 1, row: row('x') }, 'axbc'],
  ['one at the end', 'insert', { id: 'x', index: 3, row: row('x') }, 'abcx'],
  ['one that is known already', 'insert', { id: 'c', index: 0, row: row('c') }, 'cab'],
  ['an update in its place', 'update', { id: 'b', index: 1, row: row('b') }, 'abc'],
  ['one that moves', 'update', { id: 'a', index: 2, row: row('a') }, 'bca'],
  ['a delete', 'delete', { id: 'b' }, 'ac'],
  ['a delete of what is not there', 'delete', { id: 'x' }, 'abc'],
  ['a remove', 'remove', { id: 'a' }, 'bc'],
  ['a gap', 'gap', {}, 'abc'],
  ['rows in place of all', 'rows', { items: [row('z')], nextCursor: null }, 'z', null],
  ['an event of later servers', 'sparkle', { id: 'a' }, 'bc'],
  ['what follows has changed', 'next', { nextCursor: 'm' }, 'abc', 'm'],
  ['and with a row', 'insert', { id: 'x', index: 0, row: row('x'), nextCursor: 'm' }, 'xabc', 'm'],
  ['nothing follows any more', 'delete', { id: 'b', nextCursor: null }, 'ac', null],
]) {
  test(name, () => {
    const next = applied(three, type, data, ['id'])
    assert.equal(ids(next.rows), want)
    assert.equal(next.nextCursor, cursor)
    assert.equal(ids(three.rows), 'abc', 'what was known before stays as it was')
  })
}

test('a key of several fields is named as the server does', () => {
  assert.equal(idOf(['sheet', 'number'], { sheet: 'a b,c', number: 3 }), 'a%20b%2Cc,3')
})

const write = (kind, id, more) => ({ key: 'k', path: '/api/notes', kind, id, ...more })
for (const [name, pending, want] of [
  ['nothing on its way', [], 'a1 b1 c1'],
  ['an update shows', [write('update', 'b', { input: { version: 7 } })], 'a1 b7 c1'],
  ['a field that the list has not is left out', [write('update', 'b', { input: { other: 7 } })], 'a1 b1 c1'],
  ['an update of what is not here', [write('update', 'x', { input: { version: 7 } })], 'a1 b1 c1'],
  ['a delete shows', [write('delete', 'a')], 'b1 c1'],
  ['one that is done stays gone until the list says so', [write('delete', 'a', { done: true })], 'b1 c1'],
  ['a create stands where it is put', [write('create', 'x', { row: row('x') })], 'x1 a1 b1 c1'],
  ['one that the list knows by now stands once', [write('create', 'b', { row: row('b', { version: 2 }), done: row('b', { version: 2 }) })], 'a1 b1 c1'],
  ['one that is done shows what the server made of it', [write('create', 'x', { row: row('x', { version: 5 }), done: row('x', { version: 5 }) })], 'x5 a1 b1 c1'],
  ['what the list tells is newer', [write('update', 'b', { input: { version: 7 }, done: row('b', { version: 1 }) })], 'a1 b1 c1'],
  ['one after the other', [write('create', 'x', { row: row('x') }), write('update', 'x', { input: { version: 9 } }), write('delete', 'a')], 'x9 b1 c1'],
]) {
  test(name, () => {
    const rows = ahead(three.rows, ['id'], pending, () => 'first')
    assert.equal(rows.map((r) => r.id + r.version).join(' '), want)
  })
}

test('a create is shown by nobody who does not place it', () => {
  assert.equal(ids(ahead(three.rows, ['id'], [write('create', 'x', { row: row('x') })], undefined)), 'abc')
  assert.equal(ids(ahead(three.rows, ['id'], [write('create', 'x', { row: row('x') })], () => undefined)), 'abc')
  assert.equal(ids(ahead(three.rows, ['id'], [write('create', 'x', { row: row('x') })], () => 1)), 'axbc')
})

test('a new row has what its list includes, or is not shown', () => {
  const list = [{ id: 'a', projectId: 'p', project: { name: 'P' }, assigneeId: null, assignee: null }, { id: 'b', projectId: 'q' }]
  const relations = { project: ['one', 'projectId'], assignee: ['maybe', 'assigneeId'], best: ['maybe'], comments: ['many'], notes: ['masked'] }
  assert.deepEqual(whole({ projectId: 'p', assigneeId: 'x' }, { project: true, assignee: {}, best: true, comments: true, notes: true, other: false }, { ...relations, other: ['many'] }, list), { projectId: 'p', assigneeId: 'x', project: { name: 'P' }, assignee: null, best: null, comments: [], notes: [] })
  assert.equal(whole({ projectId: 'z' }, { project: true }, relations, list), undefined, 'no row of the list has its project')
  assert.deepEqual(whole({ assigneeId: null }, { assignee: true }, relations, list), { assigneeId: null, assignee: null })
})
