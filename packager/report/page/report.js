'use strict'
// Draws the data of this page. Texts of the artifact only ever become text nodes, never markup.
const data = JSON.parse(document.getElementById('data').textContent)
const $ = (id) => document.getElementById(id)
const el = (tag, text, className) => {
  const node = document.createElement(tag)
  if (text !== undefined) node.textContent = text
  if (className) node.className = className
  return node
}
const size = (bytes) => {
  const sign = bytes < 0 ? '-' : ''
  bytes = Math.abs(bytes)
  if (bytes < 1024) return `${sign}${bytes} B`
  const power = Math.min(3, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${sign}${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${['B', 'KB', 'MB', 'GB'][power]}`
}
const counted = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`
const signed = (bytes) => (bytes > 0 ? '+' : '') + size(bytes)

// The tree: folders are [name, children], files [name, size, compressed, kind]. A folder's sums are kept beside it:
// [size, compressed, files, compressed bytes per kind].
const sums = new Map()
const isFolder = (node) => node.length === 2
const sum = (node) => {
  let found = sums.get(node)
  if (!found) {
    found = [0, 0, 0, data.kinds.map(() => 0)]
    if (isFolder(node)) {
      for (const child of node[1]) {
        const [raw, zipped, files, kinds] = sum(child)
        found[0] += raw
        found[1] += zipped
        found[2] += files
        kinds.forEach((bytes, kind) => { found[3][kind] += bytes })
      }
    } else {
      found[0] = node[1]
      found[1] = node[2]
      found[2] = 1
      found[3][node[3]] = node[2]
    }
    sums.set(node, found)
  }
  return found
}
const kindOf = (node) => {
  const kinds = sum(node)[3]
  return data.kinds[kinds.indexOf(Math.max(...kinds))]
}
let measure = 1
const weight = (node) => sum(node)[measure]

// Squarified treemap: Bruls, Huizing, van Wijk (2000). Calls place(node, x, y, width, height) for each node.
const layOut = (nodes, x, y, width, height, place) => {
  let rest = nodes.filter((node) => weight(node) > 0).sort((a, b) => weight(b) - weight(a))
  let total = rest.reduce((all, node) => all + weight(node), 0)
  while (rest.length && width > 1 && height > 1) {
    const side = Math.min(width, height)
    const scale = (width * height) / total
    const worst = (count, area) => {
      const square = (side * side) / (area * area)
      return Math.max(weight(rest[0]) * scale * square, 1 / (weight(rest[count - 1]) * scale * square))
    }
    let count = 1
    let area = weight(rest[0]) * scale
    while (count < rest.length) {
      const wider = area + weight(rest[count]) * scale
      if (worst(count + 1, wider) > worst(count, area)) break
      area = wider
      count += 1
    }
    const depth = area / side
    let at = 0
    for (const node of rest.slice(0, count)) {
      const length = (weight(node) * scale) / depth
      if (width >= height) place(node, x, y + at, depth, length)
      else place(node, x + at, y, length, depth)
      at += length
      total -= weight(node)
    }
    if (width >= height) { x += depth; width -= depth } else { y += depth; height -= depth }
    rest = rest.slice(count)
  }
}

const SMALLEST = 5
const LABEL = 18
// Where one folder holds nearly everything (node_modules), the map begins in it.
let trail = [data.tree]
for (;;) {
  const node = trail[trail.length - 1]
  const main = node[1].find((child) => isFolder(child) && weight(child) > 0.9 * weight(node))
  if (!main) break
  trail.push(main)
}
const describe = (node) => {
  const [raw, zipped, files] = sum(node)
  const what = isFolder(node) ? `, ${counted(files, 'file')}` : ''
  const share = ((100 * weight(node)) / Math.max(1, weight(data.tree))).toFixed(1)
  return `${node[0]}: ${size(zipped)} in the zip, ${size(raw)} unzipped, ${share} %${what}`
}
// What a folder holds, as far as there is room; whatever is not drawn open has the colour of most of its bytes.
const fill = (box, node, width, height) => {
  layOut(node[1], 2, LABEL, width - 6, height - LABEL - 4, (child, x, y, w, h) => {
    if (w < 2 || h < 2) return
    const [inner, name] = single(child)
    const roomy = isFolder(inner) && w > 40 && h > LABEL + 16
    const part = el('i', w > 30 && h > 14 ? name : undefined, roomy ? 'folder' : kindOf(inner))
    part.style.cssText = `left:${x}px;top:${y}px;width:${w}px;height:${h}px`
    if (roomy) fill(part, inner, w, h)
    box.append(part)
  })
}
// A folder that holds nothing but one folder is one step, as in "node_modules/@aws-sdk".
const single = (node) => {
  const names = [node[0]]
  while (isFolder(node) && node[1].length === 1 && isFolder(node[1][0])) {
    node = node[1][0]
    names.push(node[0])
  }
  return [node, names.join('/')]
}
// What a folder is called that was opened together with those around it: "@prisma/client".
const names = new Map()
const draw = () => {
  const shown = trail[trail.length - 1]
  const map = $('map')
  const boxes = []
  let hidden = 0
  layOut(shown[1], 0, 0, map.clientWidth, map.clientHeight, (node, x, y, width, height) => {
    if (width < SMALLEST || height < SMALLEST) { hidden += 1; return }
    const [inner, name] = single(node)
    const box = el('button', width > 30 && height > 14 ? name : '')
    box.type = 'button'
    box.tabIndex = boxes.length ? -1 : 0
    const roomy = isFolder(inner) && width > 24 && height > LABEL + 8
    box.className = roomy ? 'folder' : kindOf(inner)
    box.style.cssText = `left:${x}px;top:${y}px;width:${width}px;height:${height}px`
    box.setAttribute('aria-label', describe(node) + (isFolder(inner) ? ', opens' : ''))
    box.title = describe(node)
    if (roomy) fill(box, inner, width, height)
    if (isFolder(inner)) box.onclick = () => { names.set(inner, name); open(inner) }
    box.onfocus = box.onmouseenter = () => { $('told').textContent = describe(node) }
    boxes.push(box)
  })
  map.replaceChildren(...boxes)
  $('told').textContent = describe(shown) + (hidden ? ` · ${hidden} too small to be drawn` : '')
  $('crumbs').replaceChildren(...trail.flatMap((node, index) => {
    const step = el('button', names.get(node) ?? node[0])
    step.type = 'button'
    step.onclick = () => { trail = trail.slice(0, index + 1); draw() }
    if (index === trail.length - 1) step.setAttribute('aria-current', 'true')
    return index ? [' / ', step] : [step]
  }))
}
const focusFirst = () => $('map').querySelector('button')?.focus()
const open = (node) => { trail.push(node); draw(); focusFirst() }
$('map').onkeydown = (event) => {
  const boxes = [...$('map').querySelectorAll('button')]
  const at = boxes.indexOf(document.activeElement)
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key]
  if (step && at >= 0) {
    const next = boxes[(at + step + boxes.length) % boxes.length]
    boxes[at].tabIndex = -1
    next.tabIndex = 0
    next.focus()
  } else if ((event.key === 'Backspace' || event.key === 'Escape') && trail.length > 1) {
    trail.pop()
    draw()
    focusFirst()
  } else return
  event.preventDefault()
}
for (const choice of $('measure').querySelectorAll('input')) {
  choice.onchange = () => { measure = Number(choice.value); draw() }
}
if (!data.zipped) $('measure').hidden = true

// Tables that sort by a click or Enter on the head of a column.
const table = (caption, columns, rows) => {
  const made = el('table')
  const body = el('tbody')
  const head = el('tr')
  made.append(el('caption', caption, 'dim'), el('thead'), body)
  made.tHead.append(head)
  const show = (shown) => body.replaceChildren(...shown.map((row) => {
    const line = el('tr')
    columns.forEach(([, numeric], index) => line.append(el('td', numeric ? numeric(row[index]) : row[index], numeric ? 'n' : '')))
    return line
  }))
  columns.forEach(([name, numeric], index) => {
    const cell = el('th', undefined, numeric ? 'n' : '')
    const button = el('button', name)
    button.onclick = () => {
      const down = cell.getAttribute('aria-sort') !== 'descending'
      for (const other of head.children) other.removeAttribute('aria-sort')
      cell.setAttribute('aria-sort', down ? 'descending' : 'ascending')
      rows.sort((a, b) => (numeric ? a[index] - b[index] : a[index] < b[index] ? 1 : -1) * (down ? -1 : 1))
      show(rows.filter(made.accepts))
    }
    cell.scope = 'col'
    cell.append(button)
    head.append(cell)
  })
  made.accepts = () => true
  made.refresh = () => show(rows.filter(made.accepts))
  made.refresh()
  const box = el('div', undefined, 'scroll')
  box.tabIndex = 0
  box.setAttribute('role', 'region')
  box.setAttribute('aria-label', caption)
  box.append(made)
  return [box, made]
}
const count = (number) => String(number)

document.title = `${data.name} · packager report`
$('title').textContent = data.name
const facts = [['files', count(data.files)], ['unzipped', size(data.size)]]
if (data.zipped) facts.push(['zipped', size(data.zipped)], ['of it names and headers', size(data.zipped - sum(data.tree)[1])])
$('facts').append(...[...facts, ...data.facts].map(([key, value]) => {
  const pair = el('div')
  pair.append(el('dt', key), el('dd', value))
  return pair
}))
$('legend').append(...[['native', 'native code'], ['code', 'code and data'], ['spare', 'maps, types, texts'], ['other', 'other']].map(([kind, text]) => {
  const item = el('li', text)
  item.style.setProperty('--swatch', `var(--${kind})`)
  return item
}))

const versions = new Map()
for (const [name] of data.packages) versions.set(name, (versions.get(name) ?? 0) + 1)
const shares = data.packages.map(([name, version, folder, files, raw, zipped, reason]) => [
  name || "(the project's own files)", version, versions.get(name) > 1 ? `${versions.get(name)} copies` : '', zipped, raw, files, reason || folder,
])
const [box, packages] = table(`${counted(data.packages.length, 'package')}, largest first`, [['package'], ['version'], ['copies'], ['in the zip', size], ['unzipped', size], ['files', count], ['why, or where']], shares)
$('packages').append(box)
$('filter').oninput = () => {
  const wanted = $('filter').value.toLowerCase()
  packages.accepts = (row) => row.some((cell) => String(cell).toLowerCase().includes(wanted))
  packages.refresh()
}
if (data.findings.length) {
  $('findings').hidden = false
  $('findings').querySelector('ul').append(...data.findings.map((finding) => {
    const item = el('li')
    item.append(el('span', `${finding.severity} ${finding.code}`, finding.severity), ` ${finding.subject}: ${finding.message}`)
    if (finding.fix) item.append(el('div', finding.fix, 'dim'))
    return item
  }))
}
if (data.duplicates.length) {
  $('duplicates').hidden = false
  const rows = data.duplicates.map(([raw, zipped, paths]) => [zipped * (paths.length - 1), raw, paths.length, paths.join('  ·  ')])
  const wasted = rows.reduce((all, row) => all + row[0], 0)
  $('duplicates').querySelector('div').append(table(`${size(wasted)} in the zip that is there already`, [['wasted', size], ['size', size], ['copies', count], ['files']], rows)[0])
}
if (data.difference) {
  const { name, zipped, size: raw, counts, packages: changes, files } = data.difference
  $('difference').hidden = false
  $('difference').querySelector('h2').textContent = `Against ${name}`
  const zip = zipped && data.zipped ? `zipped ${signed(data.zipped - zipped)}, ` : ''
  $('difference').querySelector('p').textContent = `${zip}unzipped ${signed(data.size - raw)}; ${counted(counts[0], 'file')} added, ${counts[1]} removed, ${counts[2]} changed`
  const into = $('difference').querySelector('div')
  if (changes.length) into.append(table('Packages that changed', [['folder'], ['before'], ['now'], ['unzipped', signed], ['in the zip', signed]], changes)[0])
  if (files.length) into.append(table('Files that changed most', [['what'], ['file'], ['before', size], ['now', size]], files)[0])
}
draw()
let waiting
window.addEventListener('resize', () => {
  clearTimeout(waiting)
  waiting = setTimeout(draw, 100)
})
