/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Makes a static flame graph zoom and search: click a frame to zoom, the background or
 * Escape to go back, Ctrl-F, / or "Search" to search.  Frames are <g> in g.flame with their
 * place in data-x and data-w (of 1); without this script the picture is complete as it is.
 */
(function () {
	'use strict';
	var flames = [];
	var CHAR = 0.59 * 12;

	function name_of(g) {
		return g.firstElementChild.textContent.replace(/ \([^(]*\)$/, '');
	}
	function fit(frame, width) {
		var room = Math.floor((width - 6) / CHAR), name = frame.name;
		frame.text.textContent = room < 3 ? '' : name.length <= room ? name : name.slice(0, room - 2) + '..';
	}
	function place(flame) {
		var z = flame.zoom, x0 = z ? z.x : 0, w0 = z ? z.w : 1;
		flame.frames.forEach(function (f) {
			var above = z && f !== z && f.x <= z.x + 1e-9 && f.x + f.w >= z.x + z.w - 1e-9 && f.level < z.level;
			var x = above ? 0 : (f.x - x0) / w0, w = above ? 1 : f.w / w0;
			var out = !above && (x + w < 1e-6 || x > 1 - 1e-6 || (z && f.level < z.level));
			f.g.style.display = out ? 'none' : '';
			if (out)
				return;
			f.g.style.opacity = above ? 0.5 : '';
			f.rect.setAttribute('x', flame.left + x * flame.width);
			f.rect.setAttribute('width', Math.max(w * flame.width - 0.3, 0.2));
			f.text.setAttribute('x', flame.left + x * flame.width + 3);
			fit(f, w * flame.width);
		});
		flame.reset.style.display = z ? '' : 'none';
	}
	function search(term) {
		var re = null;
		if (term) {
			try { re = new RegExp(term); } catch (e) { alert('Not a regular expression: ' + term); return; }
		}
		flames.forEach(function (flame) {
			var spans = [];
			flame.frames.forEach(function (f) {
				var hit = re && re.test(f.name);
				f.rect.setAttribute('fill', hit ? 'rgb(230,0,230)' : f.fill);
				if (hit)
					spans.push(f);
			});
			/* What is matched, counted once where matches stand on each other. */
			spans.sort(function (a, b) { return a.x - b.x || b.w - a.w; });
			var end = -1, sum = 0;
			spans.forEach(function (f) {
				if (f.x >= end - 1e-9) {
					sum += f.w;
					end = f.x + f.w;
				}
			});
			flame.matched.textContent = re ? 'Matched: ' + (100 * sum).toFixed(1) + '%' : '';
		});
	}
	function ask() {
		var term = prompt('Search functions (a regular expression)', '');
		if (term !== null)
			search(term);
	}
	function reset() {
		flames.forEach(function (flame) { flame.zoom = null; place(flame); });
		search('');
	}
	function start(root) {
		var flame = {
			left: +root.getAttribute('data-left'), width: +root.getAttribute('data-width'),
			reset: root.querySelector('.reset'), matched: root.querySelector('.matched'),
			details: root.querySelector('.details'), zoom: null
		};
		flame.frames = Array.prototype.map.call(root.querySelectorAll('g.f'), function (g) {
			var rect = g.querySelector('rect');
			return { g: g, rect: rect, text: g.querySelector('text'), name: name_of(g), fill: rect.getAttribute('fill'),
				x: +g.getAttribute('data-x'), w: +g.getAttribute('data-w'), level: +g.getAttribute('data-l') };
		});
		flame.frames.forEach(function (f) {
			f.g.addEventListener('click', function () { flame.zoom = f.level ? f : null; place(flame); });
			f.g.addEventListener('mouseover', function () { flame.details.textContent = f.g.firstElementChild.textContent; });
			f.g.addEventListener('mouseout', function () { flame.details.textContent = ''; });
		});
		flame.reset.addEventListener('click', function () { flame.zoom = null; place(flame); });
		root.querySelector('.search').addEventListener('click', ask);
		flames.push(flame);
	}
	function begin() {
		Array.prototype.forEach.call(document.querySelectorAll('g.flame'), start);
		document.addEventListener('keydown', function (e) {
			if (e.key === 'Escape')
				reset();
			else if (e.key === '/' || (e.key === 'f' && (e.ctrlKey || e.metaKey))) {
				e.preventDefault();
				ask();
			}
		});
	}
	if (document.readyState === 'loading')
		document.addEventListener('DOMContentLoaded', begin);
	else
		begin();
})();
