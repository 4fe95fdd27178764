/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Flame graphs on a canvas.  A graph is columns (typed arrays) in pre-order, so a node's
 * subtree is a range of indexes and the nodes of one depth, in that order, stand from left
 * to right: drawing a level is a binary search and a walk over what is on the screen and
 * wide enough to be seen.  A hundred thousand frames draw in a few milliseconds.
 */
'use strict';
(function () {
	const ROW = 19, KINDS = ['user', 'library', 'kernel', 'kernel_module', 'inlined', 'jit', 'unknown', 'group'];
	const KIND_NAMES = ['program', 'library', 'kernel', 'kernel module', 'inlined', 'JIT', 'unknown', ''];

	/* --- the graph ------------------------------------------------------------------------- */

	function Columns(n) {
		return { n: n, depth: new Uint16Array(n), sym: new Uint32Array(n), value: new Float64Array(n), self: new Float64Array(n),
			before: new Float64Array(n), x: new Float64Array(n), parent: new Int32Array(n), end: new Uint32Array(n) };
	}
	/* Fill in what follows from depth and value: parents, places, ends of subtrees, levels. */
	function complete(g) {
		const stack = [], next = [], counts = [];
		for (let i = 0; i < g.n; i++) {
			const d = g.depth[i];
			while (stack.length > d)
				g.end[stack.pop()] = i;
			g.parent[i] = d ? stack[d - 1] : -1;
			g.x[i] = d ? next[d] : 0;
			next[d] = g.x[i] + g.value[i];
			next[d + 1] = g.x[i];
			stack.push(i);
			counts[d] = (counts[d] || 0) + 1;
		}
		while (stack.length)
			g.end[stack.pop()] = g.n;
		g.levels = counts.map((c) => new Uint32Array(c));
		const at = counts.map(() => 0);
		for (let i = 0; i < g.n; i++)
			g.levels[g.depth[i]][at[g.depth[i]]++] = i;
		g.total = g.n ? g.value[0] : 0;
		return g;
	}
	function read(figure) {
		const table = JSON.parse(figure.querySelector('.symbols').textContent);
		const diff = figure.hasAttribute('data-diff'), bytes = sonde.numbers(figure.querySelector('.nodes').textContent);
		const g = Columns(table.nodes);
		let depth = 0;
		for (let i = 0; i < g.n && bytes.more(); i++) {
			depth = i ? depth + 1 - bytes.next() : bytes.next();
			g.depth[i] = depth;
			g.sym[i] = bytes.next();
			g.value[i] = bytes.amount();
			g.self[i] = bytes.amount();
			if (diff)
				g.before[i] = bytes.amount();
		}
		g.name = table.names;
		g.symName = table.symbols.map((s) => table.names[s[0]]);
		g.symDetail = table.symbols.map((s) => (s[1] < 0 ? '' : table.names[s[1]]));
		g.symKind = table.symbols.map((s) => s[2]);
		return complete(g);
	}
	/* Merge from the leaves up: below the root each function by its own time, and below it who
	   called it.  A node of the new graph is a stretch of `work`, the frames whose own time it
	   has; `at` says how far up each of them has come.  Sorting a stretch by the symbols there
	   gives the children.  What is too small to be seen is not followed further. */
	function reverse(g) {
		const old = Float64Array.from(g.before), at = new Int32Array(g.n), out = [], stack = [];
		let count = 0;
		for (let i = 1; i < g.n; i++)
			old[g.parent[i]] -= g.before[i];
		for (let i = 0; i < g.n; i++) {
			at[i] = i;
			count += i > 0 && (g.self[i] > 0 || old[i] > 0);
		}
		const work = new Uint32Array(count);
		for (let i = 1, n = 0; i < g.n; i++)
			if (g.self[i] > 0 || old[i] > 0)
				work[n++] = i;
		const least = g.total * 1e-5;
		function children(from, to, depth) {
			const part = work.subarray(from, to).sort((a, b) => g.sym[at[a]] - g.sym[at[b]]), groups = [];
			for (let k = 0; k < part.length;) {
				const node = { from: from + k, to: 0, depth: depth, sym: g.sym[at[part[k]]], value: 0, before: 0, self: 0 };
				for (; k < part.length && g.sym[at[part[k]]] === node.sym; k++) {
					node.value += g.self[part[k]];
					node.before += Math.max(0, old[part[k]]);
				}
				node.to = from + k;
				groups.push(node);
			}
			groups.sort((a, b) => a.value - b.value);
			for (const node of groups)
				stack.push(node);
			return groups.reduce((sum, n) => sum + n.value, 0);
		}
		/* Move all of a stretch one frame up; those at the root have ended and leave it. */
		function climb(node) {
			let from = node.from;
			for (let k = node.from; k < node.to; k++) {
				const i = work[k];
				at[i] = g.parent[at[i]];
				if (at[i] > 0)
					continue;
				node.self += g.self[i];
				work[k] = work[from];
				work[from++] = i;
			}
			return from;
		}
		const root = { from: 0, to: count, depth: 0, sym: g.sym[0], value: 0, before: 0, self: Math.max(0, g.self[0]) };
		out.push(root);
		root.value = root.self + children(0, count, 1);
		root.before = g.before[0];
		while (stack.length) {
			const node = stack.pop();
			out.push(node);
			if (node.value >= least)
				children(climb(node), node.to, node.depth + 1);
		}
		const r = Columns(out.length);
		out.forEach(function (node, i) {
			r.depth[i] = node.depth;
			r.sym[i] = node.sym;
			r.value[i] = node.value;
			r.before[i] = node.before;
			r.self[i] = node.self;
		});
		r.symName = g.symName;
		r.symDetail = g.symDetail;
		r.symKind = g.symKind;
		return complete(r);
	}

	/* --- colours ----------------------------------------------------------------------------------- */

	function rgb(text) {
		const m = /^#(..)(..)(..)$/.exec(text);
		return m ? m.slice(1).map((h) => parseInt(h, 16)) : [200, 200, 200];
	}
	const mix = (a, b, t) => 'rgb(' + a.map((v, i) => Math.round(v + (b[i] - v) * t)).join(',') + ')';
	/* Each name its own shade of its kind, the same on every page. */
	function shade(name) {
		let h = 2166136261;
		for (let i = 0; i < name.length && i < 200; i++)
			h = Math.imul(h ^ name.charCodeAt(i), 16777619);
		return ((h ^ (h >>> 15)) >>> 0) % 16;
	}
	function Palette(g) {
		const paper = rgb(sonde.color('--paper')), p = { ink: sonde.color('--frame-ink'), text: sonde.color('--ink'), paper: sonde.color('--paper'), mark: sonde.color('--mark') };
		const shades = KINDS.map((k) => {
			const base = rgb(sonde.color('--kind-' + k));
			return Array.from({ length: 16 }, (_, i) => mix(base, paper, i / 16 * 0.28));
		});
		p.sym = g.symName.map((name, s) => shades[g.symKind[s]][shade(name)]);
		const same = rgb(sonde.color('--diff-same')), upward = rgb(sonde.color('--diff-up')), downward = rgb(sonde.color('--diff-down'));
		p.up = Array.from({ length: 17 }, (_, i) => mix(same, upward, i / 16));
		p.down = Array.from({ length: 17 }, (_, i) => mix(same, downward, i / 16));
		p.faded = mix(rgb(sonde.color('--kind-group')), paper, 0.55);
		return p;
	}

	/* --- one figure ------------------------------------------------------------------------------------ */

	function Flame(figure) {
		const key = figure.dataset.key, unit = figure.dataset.unit, unitName = figure.dataset.name, diff = figure.hasAttribute('data-diff');
		const forward = read(figure);
		let backward = null, g = forward, palette = null, matches = null, zoom = 0, selected = -1, hover = -1;
		let x0 = 0, x1 = g.total, animation = 0, flipped = false, reversed = false;
		const amount = (v) => sonde.amount(v, unit, unitName);

		/* Controls. */
		const input = sonde.make('input', { type: 'search', placeholder: 'Search (regular expression)', 'aria-label': 'Search frames', oninput: () => { search(input.value); } });
		const matched = sonde.make('span', { class: 'matched' });
		const button = (text, title, f) => sonde.make('button', { type: 'button', title: title, onclick: f }, text);
		const reverseButton = button('Callers first', 'Merge from the leaves up: who calls the functions that take the time', () => setReversed(!reversed));
		const flipButton = button('Flames up', 'Root at the bottom, as flame graphs are drawn elsewhere', () => setFlipped(!flipped));
		const resetButton = button('Reset zoom', 'Esc', () => zoomTo(0));
		const crumbs = sonde.make('div', { class: 'crumbs' });
		const spoken = sonde.make('div', { class: 'shown', 'aria-live': 'polite' });
		figure.append(sonde.make('div', { class: 'bar-top' },
			sonde.make('div', { class: 'tools' }, input, resetButton, reverseButton, flipButton, matched, sonde.make('span', { class: 'grow' }),
				sonde.make('span', { class: 'keys' }, sonde.make('kbd', {}, '/'), ' search  ', sonde.make('kbd', {}, 'Esc'), ' reset  ', sonde.make('kbd', {}, '\u2190\u2191\u2192\u2193'), ' move  ', sonde.make('kbd', {}, 'Enter'), ' zoom')),
			crumbs), spoken);
		const view = sonde.canvas(figure, () => Math.max(1, g.levels.length) * ROW + 2, 'Flame graph of ' + amount(g.total), draw);
		legend();

		/* --- drawing -------------------------------------------------------------------------------- */

		function fill(i) {
			if (matches && !matches[g.sym[i]])
				return palette.faded;
			if (matches)
				return palette.mark;
			if (!diff)
				return palette.sym[g.sym[i]];
			const change = (g.value[i] - g.before[i]) / Math.max(g.value[i], g.before[i]);
			const step = Math.round(Math.min(1, Math.abs(change) * 1.6) * 16);
			return change >= 0 ? palette.up[step] : palette.down[step];
		}
		const levelTop = (d) => (flipped ? (g.levels.length - 1 - d) * ROW : d * ROW);
		/* The first of LEVEL that ends right of X. */
		function firstVisible(level, x) {
			let low = 0, high = level.length;
			while (low < high) {
				const mid = (low + high) >> 1;
				if (g.x[level[mid]] + g.value[level[mid]] <= x)
					low = mid + 1;
				else
					high = mid;
			}
			return low;
		}
		function draw(c, width, height, top) {
			palette = palette || Palette(g);
			const scale = width / (x1 - x0 || 1), first = Math.floor(top / ROW), last = Math.ceil((top + height) / ROW);
			c.font = '12px ' + sonde.color('--mono');
			c.textBaseline = 'middle';
			const charWidth = c.measureText('mmmmmmmmmm').width / 10;
			for (let row = first; row <= last; row++) {
				const d = flipped ? g.levels.length - 1 - row : row;
				if (d >= 0 && d < g.levels.length)
					drawLevel(c, g.levels[d], levelTop(d) - top, scale, width, charWidth);
			}
		}
		function drawLevel(c, level, y, scale, width, charWidth) {
			let drawnTo = -1;
			for (let k = firstVisible(level, x0); k < level.length; k++) {
				const i = level[k], left = (g.x[i] - x0) * scale;
				if (left >= width)
					break;
				const right = left + g.value[i] * scale;
				if (right - left < 0.4 && right < drawnTo + 0.7)
					continue; /* nothing new on this pixel */
				const a = Math.max(left, 0), w = Math.min(right, width) - a;
				c.fillStyle = fill(i);
				c.fillRect(a, y + 1, Math.max(w - (w > 2.5 ? 1 : 0), 0.6), ROW - 1);
				drawnTo = a + Math.max(w, 0.6);
				if (w > charWidth * 3 + 8)
					label(c, i, a, y, w, charWidth);
				if (i === selected || i === hover)
					outline(c, a, y, w, i === selected);
			}
		}
		function label(c, i, a, y, w, charWidth) {
			const name = g.symName[g.sym[i]], room = Math.floor((w - 8) / charWidth);
			c.fillStyle = matches && !matches[g.sym[i]] ? palette.text : matches ? '#fff' : palette.ink;
			c.globalAlpha = g.depth[i] < g.depth[zoom] ? 0.6 : 1;
			c.fillText(name.length <= room ? name : name.slice(0, room - 1) + '\u2026', a + 4, y + 1 + ROW / 2, w);
			c.globalAlpha = 1;
		}
		function outline(c, a, y, w, strong) {
			c.strokeStyle = palette.text;
			c.lineWidth = strong ? 2 : 1;
			c.strokeRect(a + 0.5, y + 1.5, Math.max(w - 2, 1), ROW - 2);
		}

		/* --- zoom ------------------------------------------------------------------------------------------- */

		function showCrumbs() {
			const path = [];
			for (let i = zoom; i >= 0; i = g.parent[i])
				path.unshift(i);
			const parts = path.length > 6 ? [...path.slice(0, 2), -1, ...path.slice(-3)] : path;
			crumbs.replaceChildren();
			if (zoom === 0)
				crumbs.append(amount(g.total) + ' in all. Click a frame to zoom in.');
			else
				parts.forEach((i, k) => {
					if (k)
						crumbs.append(sonde.make('span', { class: 'sep' }, '\u203a'));
					crumbs.append(i < 0 ? '\u2026' : sonde.make('a', { onclick: () => zoomTo(i) }, g.symName[g.sym[i]]));
				});
			resetButton.hidden = zoom === 0;
		}
		function zoomTo(i, atOnce) {
			zoom = i;
			sonde.place.set(key + '.zoom', i || null);
			showCrumbs();
			if (i && !atOnce)
				scrollTo(i);
			moveTo(g.x[i], g.x[i] + g.value[i], atOnce);
		}
		/* Bring a deep frame onto the screen. */
		function scrollTo(i) {
			const y = levelTop(g.depth[i]) + view.box.getBoundingClientRect().top;
			if (y < 90 || y > innerHeight - 60)
				scrollBy({ top: y - innerHeight / 3, behavior: 'smooth' });
		}
		function moveTo(a, b, atOnce) {
			const from0 = x0, from1 = x1, start = performance.now(), run = ++animation;
			if (atOnce || matchMedia('(prefers-reduced-motion: reduce)').matches) {
				x0 = a;
				x1 = b;
				view.paint();
				return;
			}
			(function step(now) {
				if (run !== animation)
					return;
				const t = Math.min(1, Math.max(0, (now - start) / 220)), e = 1 - Math.pow(1 - t, 3);
				x0 = from0 + (a - from0) * e;
				x1 = from1 + (b - from1) * e;
				view.paint();
				if (t < 1)
					requestAnimationFrame(step);
			})(start);
		}
		function pan(dx) {
			const width = x1 - x0, by = Math.max(-x0, Math.min(dx * width / view.width, g.total - x1));
			animation++;
			x0 += by;
			x1 += by;
			view.soon();
		}
		function wheel(e) {
			if (!e.ctrlKey && !e.metaKey && Math.abs(e.deltaX) <= Math.abs(e.deltaY))
				return;
			e.preventDefault();
			if (!e.ctrlKey && !e.metaKey) {
				pan(e.deltaX);
				return;
			}
			const at = x0 + (x1 - x0) * (e.offsetX / view.width), factor = Math.exp(e.deltaY * 0.004);
			animation++;
			x0 = Math.max(0, at - (at - x0) * factor);
			x1 = Math.min(g.total, at + (x1 - at) * factor);
			view.soon();
		}

		/* --- search -------------------------------------------------------------------------------------------- */

		function search(text) {
			let re = null;
			input.classList.remove('wrong');
			try {
				re = text ? new RegExp(text, text === text.toLowerCase() ? 'i' : '') : null;
			} catch (e) {
				input.classList.add('wrong');
			}
			matches = re ? Uint8Array.from(g.symName, (name, s) => re.test(name) || (g.symDetail[s] !== '' && re.test(g.symDetail[s])) ? 1 : 0) : null;
			let sum = 0, frames = 0;
			for (let i = 0; matches && i < g.n;) /* a match below a match counts once */
				if (matches[g.sym[i]]) {
					sum += g.value[i];
					frames++;
					i = g.end[i];
				} else
					i++;
			matched.textContent = matches ? (frames ? sonde.percent(sum / g.total) + ' matched' : 'no match') : '';
			sonde.place.set(key + '.search', re ? text : null);
			view.soon();
		}

		/* --- the two switches --------------------------------------------------------------------------------------- */

		function setReversed(on, atOnce) {
			reversed = on;
			reverseButton.setAttribute('aria-pressed', on);
			if (on && !backward)
				backward = reverse(forward);
			g = on ? backward : forward;
			selected = hover = -1;
			sonde.place.set(key + '.callers', on ? 1 : null);
			x0 = 0;
			x1 = g.total;
			zoomTo(0, true);
			search(input.value);
			view.layout();
		}
		function setFlipped(on) {
			flipped = on;
			flipButton.setAttribute('aria-pressed', on);
			sonde.place.set(key + '.up', on ? 1 : null);
			view.layout();
			if (zoom || view.height < view.height_total())
				scrollTo(zoom); /* the root has gone to the other end */
		}

		/* --- pointing ----------------------------------------------------------------------------------------------------- */

		function at(e) {
			const r = view.canvas.getBoundingClientRect(), row = Math.floor((e.clientY - r.top + view.top) / ROW);
			const d = flipped ? g.levels.length - 1 - row : row, x = x0 + (e.clientX - r.left) / view.width * (x1 - x0);
			if (d < 0 || d >= g.levels.length)
				return -1;
			const k = firstVisible(g.levels[d], x), i = g.levels[d][k];
			return k < g.levels[d].length && g.x[i] <= x ? i : -1;
		}
		function describe(i) {
			const row = (name, v) => sonde.make('tr', {}, sonde.make('td', {}, name), sonde.make('td', {}, amount(v)), sonde.make('td', {}, sonde.percent(v / g.total) + ' of all'),
				sonde.make('td', {}, i ? sonde.percent(v / g.value[g.parent[i]]) + ' of ' + (reversed ? 'callee' : 'caller') : ''));
			const rows = [row('total', g.value[i]), row('self', g.self[i])];
			if (diff) {
				const by = g.value[i] - g.before[i];
				rows.push(sonde.make('tr', {}, sonde.make('td', {}, 'before'), sonde.make('td', {}, amount(g.before[i])),
					sonde.make('td', {}, (by > 0 ? '+' : '') + sonde.percent(by / g.total) + ' of all'), sonde.make('td', {}, g.before[i] ? (by > 0 ? '+' : '') + sonde.percent(by / g.before[i]) : 'new')));
			}
			const s = g.sym[i];
			return [sonde.make('b', {}, g.symName[s]), sonde.make('div', {}, [g.symDetail[s], KIND_NAMES[g.symKind[s]]].filter(Boolean).join(' \u00b7 ')), sonde.make('table', {}, ...rows)];
		}
		function select(i) {
			selected = i;
			const s = g.sym[i], y = levelTop(g.depth[i]) + view.box.getBoundingClientRect().top;
			spoken.textContent = g.symName[s] + ', ' + amount(g.value[i]) + ', ' + sonde.percent(g.value[i] / g.total);
			scrollTo(i);
			const x = (Math.max(g.x[i], x0) - x0) / (x1 - x0) * view.width + view.box.getBoundingClientRect().left;
			sonde.tip.show(x, y, ...describe(i));
			view.soon();
		}
		function sibling(i, step) {
			const level = g.levels[g.depth[i]];
			let k = firstVisible(level, g.x[i]);
			while (level[k] !== i && k < level.length)
				k++;
			const n = level[k + step];
			return n === undefined ? i : n;
		}
		/* The largest child, for moving away from the root. */
		function largest(i) {
			let best = i;
			for (let c = i + 1; c < g.end[i]; c = g.end[c])
				if (best === i || g.value[c] > g.value[best])
					best = c;
			return best;
		}
		const keys = {
			ArrowLeft: () => sibling(selected, -1), ArrowRight: () => sibling(selected, 1),
			ArrowUp: () => (flipped ? largest(selected) : Math.max(0, g.parent[selected])),
			ArrowDown: () => (flipped ? Math.max(0, g.parent[selected]) : largest(selected)),
			Home: () => 0
		};
		view.canvas.addEventListener('keydown', function (e) {
			if (keys[e.key]) {
				e.preventDefault();
				select(selected < 0 ? zoom : keys[e.key]());
			} else if (e.key === 'Enter' && selected >= 0) {
				zoomTo(selected);
			}
		});
		let down = null;
		view.canvas.addEventListener('pointerdown', (e) => { down = { x: e.clientX, moved: false }; });
		addEventListener('pointerup', () => { setTimeout(() => { down = null; }); });
		view.canvas.addEventListener('pointermove', function (e) {
			if (down && e.buttons && (down.moved || Math.abs(e.clientX - down.x) > 4)) {
				down.moved = true;
				pan(down.x - e.clientX);
				down.x = e.clientX;
				sonde.tip.hide();
				return;
			}
			const i = at(e);
			view.canvas.style.cursor = i < 0 ? 'default' : 'pointer';
			if (i < 0)
				sonde.tip.hide();
			else
				sonde.tip.show(e.clientX, e.clientY, ...describe(i));
			if (i !== hover) {
				hover = i;
				view.soon();
			}
		});
		view.canvas.addEventListener('pointerleave', function () { hover = -1; sonde.tip.hide(); view.soon(); });
		view.canvas.addEventListener('click', function (e) {
			if (down && down.moved)
				return;
			const i = at(e);
			sonde.tip.hide();
			if (i >= 0)
				zoomTo(i);
		});
		view.canvas.addEventListener('wheel', wheel, { passive: false });

		function legend() {
			const own = new Float64Array(8);
			for (let i = 0; i < forward.n; i++)
				own[forward.symKind[forward.sym[i]]] += forward.self[i];
			const item = (color, text) => sonde.make('span', {}, sonde.make('i', { style: 'background:var(' + color + ')' }), text);
			const box = sonde.make('div', { class: 'legend' });
			if (diff)
				box.append(item('--diff-up', 'more than before'), item('--diff-down', 'less'), item('--diff-same', 'the same'));
			else
				KINDS.forEach((k, i) => {
					if (own[i] > 0 && KIND_NAMES[i])
						box.append(item('--kind-' + k, KIND_NAMES[i] + ' ' + sonde.percent(own[i] / forward.total)));
				});
			figure.append(box);
		}

		/* --- start ------------------------------------------------------------------------------------------------------------ */

		sonde.redraws.unshift(() => { palette = null; });
		input.value = sonde.place.get(key + '.search') || '';
		if (sonde.place.get(key + '.callers'))
			setReversed(true);
		if (sonde.place.get(key + '.up'))
			setFlipped(true);
		const wanted = +(figure.dataset.zoom || 0);
		if (input.value)
			search(input.value);
		zoomTo(wanted > 0 && wanted < g.n ? wanted : 0, true);
		const self = { key: key, input: input, canvas: view.canvas, zoomTo: zoomTo, search: search, pan: pan, setReversed: setReversed, setFlipped: setFlipped,
			paint: view.paint, reset: function () { input.value = ''; search(''); zoomTo(0); selected = -1; sonde.tip.hide(); },
			state: () => ({ frames: g.n, zoom: zoom, name: g.symName[g.sym[zoom]], matched: matched.textContent, x0: x0, x1: x1, levels: g.levels.length, total: g.total, reversed: reversed, flipped: flipped }),
			box: (i) => ({ x: (g.x[i] - x0) / (x1 - x0) * view.width, y: levelTop(g.depth[i]) - view.top, width: g.value[i] / (x1 - x0) * view.width, height: ROW }),
			children: function (i) { const r = []; for (let c = i + 1; c < g.end[i]; c = g.end[c]) r.push([g.symName[g.sym[c]], g.value[c]]); return r; },
			find: (name) => { for (let i = 0; i < g.n; i++) if (g.symName[g.sym[i]] === name) return i; return -1; } };
		return self;
	}

	sonde.flames = [...document.querySelectorAll('figure.flame')].map(function (figure) {
		/* Read before anything writes the URL anew. */
		figure.dataset.zoom = sonde.place.get(figure.dataset.key + '.zoom') || '';
		return figure;
	}).map(function (figure) {
		if (figure.querySelector('.nodes'))
			return Flame(figure);
	}).filter(Boolean);

	addEventListener('keydown', function (e) {
		const typing = e.target.matches('input, textarea');
		if (e.key === 'Escape') {
			sonde.flames.forEach((f) => { if (f.state().zoom || f.state().matched || f.input.value) f.reset(); });
			if (typing)
				e.target.blur();
		} else if (e.key === '/' && !typing && !e.ctrlKey && !e.metaKey && sonde.flames.length) {
			e.preventDefault();
			/* The graph nearest to the middle of the screen. */
			const near = (f) => { const r = f.canvas.getBoundingClientRect(); return Math.abs(r.top + r.bottom - innerHeight); };
			sonde.flames.slice().sort((a, b) => near(a) - near(b))[0].input.focus();
		}
	});
})();
