#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Compile the descriptions of system calls (*.def, *.tbl here) into const C tables.

    compile.py TABLES.c TABLES.h SOURCE_DIR

The language is described in docs/HOWTO_ADD_SYSCALL.md; what the tables mean, in describe.h.
A mistake in a description ends the build with file and line.
"""
import hashlib
import re
import sys

ABIS = ['x86_64', 'i386', 'x32', 'arm64', 'arm', 'riscv64']
GROUPS = {'32': ['i386', 'arm'], '64': ['x86_64', 'arm64', 'riscv64'], 'compat': ['i386', 'arm', 'x32']}
LAYOUTS = 4  # LP64, i386, x32, arm
WORD = [8, 4, 4, 4]
KLONG = [8, 4, 8, 4]
ALIGN64 = [8, 4, 8, 8]
SIZES = {'8': 1, '16': 2, '32': 4, '64': 8, 'l': 'SYS_LONG', 'k': 'SYS_KLONG'}
CLASSES = ['file', 'desc', 'network', 'process', 'signal', 'ipc', 'memory', 'creds', 'clock', 'pure',
           'stat', 'lstat', 'fstat', 'statfs', 'fstatfs', 'noreturn']
SIMPLE = {  # name: (kind, size)
    'int': ('DEC', 4), 'uint': ('UDEC', 4), 'long': ('DEC', 'SYS_LONG'), 'ulong': ('UDEC', 'SYS_LONG'),
    'fd': ('FD', 4), 'ringfd': ('FD', 4, 1), 'dirfd': ('DIRFD', 4), 'nodirfd': ('DIRFD', 4, 1), 'sig': ('SIGNAL', 4), 'uid': ('UID', 4), 'uid16': ('UID', 2),
    'dev': ('DEV', 4), 'dev64': ('DEV', 8), 'devl': ('DEV', 'SYS_LONG'), 'ptr': ('ADDR', 'SYS_LONG'),
    'ptr64': ('ADDR', 8), 'fd64': ('FD', 8), 'pid': ('PID', 4), 'tid': ('TID', 4), 'pgid': ('PGID', 4), 'sid': ('SID', 4), 'umode': ('OCTMODE', 2), 'umode32': ('OCTMODE', 4),
    'smode': ('STMODE', 4), 'smode16': ('STMODE', 2), 'split': ('SPLIT', 8), 'usplit': ('USPLIT', 8),
}


class Fail(Exception):
    pass


def names_sum(def_path, tbl):
    """What names.tbl says of itself: a sum over the words of names.def and of TBL, its own text; comments and line breaks are free."""
    words = ' '.join(line.split('#')[0] for line in [*open(def_path), *tbl.splitlines()])
    return hashlib.sha256(' '.join(words.split()).encode()).hexdigest()[:16]


class Pool:
    """Strings in one array; the same string once."""

    def __init__(self):
        self.text, self.at, self.length = [], {}, 0

    def add(self, s):
        if s not in self.at:
            self.at[s] = self.length
            self.text.append(s)
            self.length += len(s) + 1
        return self.at[s]


class Compiler:
    def __init__(self):
        self.names = Pool()
        self.xlats = {}      # name -> (default, [(name, value)])
        self.types, self.type_ids = [], {}
        self.structs = {}    # name -> list of fields (parsed late)
        self.struct_ids = {}
        self.hooks = []
        self.results = []
        self.conds, self.cond_ids = [], {}
        self.calls = {}      # name or name@abi -> line
        self.classes = {}
        self.numbers = []
        self.where = ''

    # -- reading ------------------------------------------------------------
    def lines(self, path):
        text = ''
        start = 0
        for i, line in enumerate(open(path), 1):
            line = line.split('#')[0].rstrip() if not path.endswith('.tbl') else line.rstrip()
            if line.startswith('#'):
                continue
            if line[:1] in ('\t', ' ') and text:
                text += '\n' + line.strip()
                continue
            if text:
                self.where = f'{path}:{start}'
                yield text
            text, start = line, i
        if text:
            self.where = f'{path}:{start}'
            yield text

    def read_numbers(self, path):
        for line in self.lines(path):
            words = line.split()
            self.numbers.append((words[0], [None if w == '-' else int(w) for w in words[1:]]))

    def hold_names(self, def_path, tbl_path):
        """names.tbl is what tools/gen-flags made of this very names.def, and nobody has edited it."""
        self.where = tbl_path
        tbl = open(tbl_path).read()
        said = re.search(r'^# sum (\w+)$', tbl, re.M)
        if not said or said[1] != names_sum(def_path, tbl):
            raise Fail('names.def or names.tbl was changed without the other: run tools/gen-flags (docs/HOWTO_ADD_SYSCALL.md)')

    def read_xlats(self, path):
        for text in self.lines(path):
            head, *rest = text.split('\n')
            name, default = head.split()
            values = []
            for word in ' '.join(rest).split():
                n, v = word.rsplit('=', 1)
                values.append((n.replace('~', ' '), int(v, 0) & 0xffffffffffffffff))
            if name in self.xlats:
                raise Fail(f'two tables {name}')
            self.xlats[name] = (default, values)

    def read_structs(self, path):
        for text in self.lines(path):
            head, *rest = text.split('\n')
            words = head.split()
            if words[0] != 'struct':
                raise Fail(f'"{words[0]}": expected struct')
            if words[1] in self.structs:
                raise Fail(f'two structs {words[1]}')
            self.structs[words[1]] = (self.where, words[2:], rest)
        for i, name in enumerate(self.structs):
            self.struct_ids[name] = i

    def read_calls(self, path):
        for text in self.lines(path):
            text = text.replace('\n', ' ')
            if text.startswith('%'):
                cls, names = text[1:].split(':', 1)
                for n in names.split():
                    self.classes.setdefault(n, set()).add(cls)
                continue
            names, spec = text.split(':', 1)
            for n in names.split():
                if n in self.calls:
                    raise Fail(f'{n} is described twice')
                self.calls[n] = (self.where, spec.strip())

    def read_ioctls(self, path):
        self.ioctls = []
        for text in self.lines(path):
            names, spec = text.split(':', 1)
            for n in names.split():
                self.ioctls.append((self.where, n, spec.strip()))

    def build_ioctls(self):
        codes, narrow = dict(self.xlats['ioctls'][1]), dict(self.xlats['ioctls_32'][1])
        self.ioctl_rows, self.ioctl32_rows = [], []
        for where, name, spec in self.ioctls:
            self.where = where
            if name[0].isdigit():  # one that no header has a name for
                codes[name] = int(name, 0)
            if name not in codes:
                raise Fail(f'no ioctl {name} in names.tbl')
            flags = {'>': 'SYS_AT_EXIT', '<': 'SYS_AT_BOTH'}.get(spec[0], 'SYS_AT_BOTH' if ' => ' in spec or '} + ' in spec else '0')
            spec = spec.lstrip('<>')
            tid = 0xffff if spec == 'none' else self.parse_type(spec)
            self.ioctl_rows.append((codes[name], tid, flags))
            if name in narrow:
                self.ioctl32_rows.append((narrow[name], tid, flags))
        self.ioctl_rows.sort()
        self.ioctl32_rows.sort()

    def read_netlink(self, path):
        self.nla_source, self.nl_source = {}, []
        for text in self.lines(path):
            head, *rest = text.split('\n')
            words = head.split()
            if words[0] == 'nla':
                self.nla_source[words[1]] = (self.where, words[2], rest)
            else:
                self.nl_source.append((self.where, ' '.join(text.split())))

    def build_netlink(self):
        """Attributes: types by name -> how each is printed; heads of messages."""
        self.nlas, self.nla_tables, self.nla_functions = [], [], []
        names = list(self.nla_source)
        for name, (where, xlat, rest) in self.nla_source.items():
            values, first = dict(self.xlats.get(xlat, (0, []))[1]), len(self.nlas)
            for line in rest:
                self.where = where
                *attrs, kind = line.split()
                if len(attrs) >= 2 and attrs[-1] == 'nest':
                    attrs, row = attrs[:-1], ('SYS_NLA_NEST', names.index(kind))
                elif kind in ('str', 'strn'):
                    row = ('SYS_NLA_' + kind.upper(), 0)
                elif kind.startswith('%'):
                    if kind[1:] not in self.nla_functions:
                        self.nla_functions.append(kind[1:])
                    row = ('SYS_NLA_FUNCTION', self.nla_functions.index(kind[1:]))
                elif kind.endswith('[]'):
                    row = ('SYS_NLA_ARRAY', self.parse_type(kind[:-2]))
                elif kind.startswith('='):
                    row = ('SYS_NLA_LONG', self.parse_type(kind[1:]))
                elif kind.startswith('~'):
                    row = ('SYS_NLA_SIZED', self.parse_type(kind[1:]))
                else:
                    row = ('SYS_NLA_VALUE', self.parse_type(kind))
                for attr in attrs:
                    if attr != '*' and attr not in values:
                        raise Fail(f'no {attr} in {xlat}')
                    self.nlas.append(('SYS_NLA_ANY' if attr == '*' else values[attr],) + row)
            self.nla_tables.append((first, len(self.nlas) - first, self.xlat(xlat)))
        self.nl_messages = []
        for where, text in self.nl_source:
            self.where = where
            m = re.fullmatch(r'message (\w+)((?: \w+)*): ((?:(?:request|answer|whole|beyond_strace) )*)(?:family=(\w+) )?(\w+)(?: (\w+))?', text)
            if not m:
                raise Fail(f'cannot read "{text}"')
            flags = '|'.join('SYS_NL_' + w.upper() for w in m[3].split()) or '0'
            table = {None: 'SYS_NL_NO_ATTRIBUTES', 'hex': 'SYS_NL_HEX'}.get(m[6])
            if table is None:
                if m[6] not in names:
                    raise Fail(f'no table {m[6]}')
                table = names.index(m[6])
            for t in m[2].split() or ['0']:
                self.nl_messages.append((self.constant(m[1]), flags, self.constant(t), self.constant(m[4]) if m[4] else -1,
                                         self.struct_ids[m[5]], table))

    # -- types --------------------------------------------------------------
    def type_id(self, kind, size=0, flags=0, param=0, ref=0, count=0):
        key = (kind, size, flags, param, ref, count)
        if key not in self.type_ids:
            self.type_ids[key] = len(self.types)
            self.types.append(key)
        return self.type_ids[key]

    def source(self, text, fields):
        """Where a count or size comes from: an argument, the result, a field, a constant."""
        text = text.strip()
        if text == 'ret':
            return 'SYS_FROM_RESULT'
        if text == 'min':
            return 'SYS_FROM_SAVED'
        if text == '':
            return 'SYS_FROM_NONE'
        if text.isdigit():
            return int(text)
        if text.startswith('.') and fields is not None:
            if text[1:] not in fields:
                raise Fail(f'no field {text[1:]} before this one')
            return 16 + fields.index(text[1:])
        raise Fail(f'what is the size "{text}"?')

    def hook(self, name):
        if name not in self.hooks:
            self.hooks.append(name)
        return self.hooks.index(name)

    def xlat(self, name):
        if name not in self.xlats:
            raise Fail(f'no table {name} in names.tbl')
        return list(self.xlats).index(name)

    def parse_type(self, text, fields=None):
        """A type's text -> id.  FIELDS: names of the struct's fields so far."""
        text = text.strip()
        if '} + ' in text:  # fields at entry, more of them at exit
            before, after = text.split(' + ')
            name = before.split('{')[0]
            always = after.startswith('~')  # of a failed call, too
            after = after.lstrip('~')
            return self.type_id('GROW', 'SYS_LONG', int(always), 0, self.parse_type(before, fields), self.parse_type(name + after, fields))
        if ' => ' in text:  # what it was at entry, what became of it
            before, after = text.split(' => ')
            always = {'!': 1, '~': 2}.get(after[0], 0)  # where the call failed: its address, or the same
            after = after.lstrip('!~')
            return self.type_id('CHANGE', 'SYS_LONG', always, 0, self.parse_type(before, fields), self.parse_type(after, fields))
        m = re.fullmatch(r'\*\((.+)\)', text)
        if m:
            return self.type_id('POINTER', 'SYS_LONG', 0, 0, self.parse_type(m[1], fields))
        m = re.fullmatch(r'\*(.+?)(?:\[([^\[\]]*)\])?', text)
        if m:
            inner = self.parse_type(m[1], fields)
            if m[2] is None:
                return self.type_id('POINTER', 'SYS_LONG', 0, 0, inner)
            return self.type_id('ARRAYPTR', 'SYS_LONG', 0, self.source(m[2], self.every or fields), inner)
        m = re.fullmatch(r'(buf|path|str|strn|hexbuf)\[([^\[\]]*)\]', text)
        if m:
            return self.type_id(m[1].upper(), 'SYS_LONG', 0, self.source(m[2], self.every or fields))
        m = re.fullmatch(r'(chars|bytes|hexbytes|zchars)\[(\d+)\]', text)
        if m:
            return self.type_id(m[1].upper(), 1, 0, 0, 0, int(m[2]))
        m = re.fullmatch(r'(.+)\[;([\w.]+)\]', text)
        if m:
            return self.type_id('TAIL', 0, 0, self.source(m[2], self.every or fields), self.parse_type(m[1], fields))
        m = re.fullmatch(r'(.+)\[(\d+)(?:;([\w.]+))?\]', text)
        if m:
            inner = self.parse_type(m[1], fields)
            return self.type_id('INLINE', 0, 0, self.source(m[3] or '', self.every or fields), inner, int(m[2]))
        m = re.fullmatch(r'(f|e|ed|fe)\((\w+)(?:,\s*(\w+))?\)', text)
        if m:
            kind = {'f': 'FLAGS', 'e': 'ENUM', 'ed': 'ENUMD', 'fe': 'FLAGSE'}[m[1]]
            return self.type_id(kind, SIZES[m[3] or '32'], 0, 0, self.xlat(m[2]))
        m = re.fullmatch(r'@(\w+)(?::(\w+))?(?:%(\w+))?', text)
        if m and m[2] and self.every and m[2] in self.every:  # a field of this structure
            return self.type_id('HOOK', 'SYS_LONG' if m[3] == 'l' else int(m[3]), 0, self.every.index(m[2]), self.hook(m[1]))
        if m:
            size = {'p': 'SYS_LONG', 'l': 'SYS_LONG', 'k': 'SYS_KLONG', None: 'SYS_LONG'}.get(m[3], m[3])
            param = 0
            if m[2]:
                param = int(m[2], 0) if m[2][0].isdigit() else self.refer(m[2])
            return self.type_id('HOOK', size if not str(size).isdigit() else int(size), 0, param, self.hook(m[1]))
        m = re.fullmatch(r'([duxo])(8|16|32|64|l|k)', text)
        if m:
            kind = {'d': 'DEC', 'u': 'UDEC', 'x': 'HEX', 'o': 'OCT'}[m[1]]
            return self.type_id(kind, SIZES[m[2]])
        if text in SIMPLE:
            return self.type_id(*SIMPLE[text])
        if text in ('path', 'str', 'strv'):
            return self.type_id(text.upper(), 'SYS_LONG', 0, 'SYS_FROM_NONE')
        if text in self.struct_ids:
            return self.type_id('STRUCT', 0, 0, 0, self.struct_ids[text])
        m = re.fullmatch(r'(\w+)\{([\w. >]+)\}', text)
        if m:
            return self.type_id('STRUCT', 0, 0, 0, self.part(m[1], m[2].split()))
        raise Fail(f'no type or struct "{text}"')

    def part(self, name, fields):
        """A structure of which only FIELDS are shown, in that order: a structure of its own.  >FIELD is what became of one
        that was shown before."""
        own = name + '__' + '_'.join(fields).replace('.', '_').replace('>', 'to_')
        if own not in self.struct_ids:
            if name not in self.structs:
                raise Fail(f'no struct {name}')
            where, opts, rest = self.structs[name]
            marked = [f[1:] for f in fields if f[0] == '>']
            fields = [f.lstrip('>') for f in fields]
            rest = [line.replace('~', '', 1) if line.split()[0].lstrip('-+|~!=^*') in fields else line for line in rest if not line.startswith('show ')]
            rest = ['>' + line if line.split()[0].lstrip('-+|~!=^*') in marked else line for line in rest]
            self.structs[own] = (where, opts, rest + ['show ' + ' '.join(fields)])
            self.struct_ids[own] = len(self.struct_ids)
            if hasattr(self, 'parsed'):
                self.parse_struct(own)
        return self.struct_ids[own]

    def refer(self, word):
        """A hook's parameter by name: a struct or a table."""
        if word in self.struct_ids:
            return self.struct_ids[word]
        return self.xlat(word)

    def measure(self, tid, layout):
        """(size, alignment) of a type inside a struct."""
        kind, size, _, _, ref, count = self.types[tid]
        if kind == 'STRUCT':
            return self.struct_size(ref, layout)
        if kind == 'TAIL':
            return 0, self.measure(ref, layout)[1]
        if kind == 'INLINE':
            s, a = self.measure(ref, layout)
            return s * count, a
        if kind in ('CHARS', 'BYTES', 'HEXBYTES', 'ZCHARS'):
            return count, 1
        if size == 'SYS_LONG':
            return WORD[layout], WORD[layout]
        if size == 'SYS_KLONG':
            return KLONG[layout], KLONG[layout]
        if kind == 'HOOK' and size not in (1, 2, 4, 8):
            return size, 1
        return size, ALIGN64[layout] if size == 8 else size

    # -- structs ------------------------------------------------------------
    def cond(self, text, fields):
        m = re.fullmatch(r'(\w+)(==|!=|!&|&|<|>=)(\w+)', text)
        if not m or m[1] not in fields:
            raise Fail(f'what is the condition "{text}"?')
        op = {'==': 'SYS_IF_EQ', '!=': 'SYS_IF_NE', '&': 'SYS_IF_AND', '!&': 'SYS_IF_NAND', '<': 'SYS_IF_LT', '>=': 'SYS_IF_GE'}[m[2]]
        key = (op, fields.index(m[1]), self.constant(m[3]))
        if key not in self.cond_ids:
            self.cond_ids[key] = len(self.conds) + 1
            self.conds.append(key)
        return self.cond_ids[key]

    def constant(self, word):
        if word[0].isdigit():
            return int(word, 0)
        for _, values in self.xlats.values():
            for n, v in values:
                if n == word:
                    return v
        raise Fail(f'no constant {word} in names.tbl')

    def build_structs(self):
        """Parse every struct's fields; offsets are computed by layout()."""
        self.parsed = {}
        for name in list(self.structs):
            self.parse_struct(name)
        self.sizes = {}

    def parse_struct(self, name):
        where, opts, rest = self.structs[name]
        self.where, fields, show = where, [], None
        every = [w[0].lstrip('-+|~!=^>*') for w in map(str.split, rest) if w[0] != 'show']
        outer, self.every = self.every, every
        for line in rest:
            if line.startswith('show '):
                show = line[5:].split()
                continue
            m = re.fullmatch(r'([-+|~!=^>*]*)([\w.]+)\s+(.+?)((?:\s+\?\S+)?)', line)
            if not m:
                raise Fail(f'{name}: cannot read "{line}"')
            names = [f['name'] for f in fields]
            fields.append({'marks': m[1], 'name': m[2], 'type': self.parse_type(m[3], names),
                           'cond': self.cond(m[4].strip()[1:], every) if m[4] else 0})
        self.parsed[name] = (opts, fields, show)
        self.every = outer

    def struct_size(self, ref, layout):
        name = list(self.structs)[ref]
        if (name, layout) not in self.sizes:
            self.layout(name, layout)
        return self.sizes[name, layout]

    def layout(self, name, layout):
        opts, fields, _ = self.parsed[name]
        at, align, last = 0, 1, 0
        end = 0
        for f in fields:
            size, a = self.measure(f['type'], layout)
            if 'packed' in opts:
                a = 1
            align = max(align, a)
            if '|' in f['marks']:  # shares its place with the one before: a union
                start = last
            else:
                start = (end + a - 1) // a * a
            last = start
            f.setdefault('offset', {})[layout] = start
            end = max(end, start + size)
        self.sizes[name, layout] = ((end + align - 1) // align * align, align)

    # -- calls --------------------------------------------------------------
    def split_args(self, text):
        out, depth, cur = [], 0, ''
        for c in text:
            depth += c in '([' and 1 or c in ')]' and -1 or 0
            if c == ',' and depth == 0:
                out.append(cur.strip())
                cur = ''
            else:
                cur += c
        if cur.strip():
            out.append(cur.strip())
        return out

    def describe(self, spec):
        m = re.fullmatch(r'(.*?)(?:(?:^|\s)\s*=\s+(\w+))?(?:\s*\+(\w+))?(?:\s*/(\d))?((?:\s*save\(\d,\w+\))*)', spec)
        args = []
        for text in self.split_args(m[1]):
            flags = []
            arg_cond = 0
            c = re.fullmatch(r'(.+?)\s*\?(\d)&(\w+)', text)
            if c:
                text = c[1]
                key = ('SYS_IF_AND', int(c[2]), self.constant(c[3]))
                if key not in self.cond_ids:
                    self.cond_ids[key] = len(self.conds) + 1
                    self.conds.append(key)
                arg_cond = self.cond_ids[key]
            while text[:1] in '<>!~':
                flags.append({'>': 'SYS_AT_EXIT', '<': 'SYS_AT_BOTH', '!': 'SYS_NO_COMMA', '~': 'SYS_EVEN_ERROR'}[text[0]])
                text = text[1:]
            name = 0
            n = re.fullmatch(r'(\w+)=(.+)', text)
            if n:
                name, text = self.names.add(n[1] + '='), n[2]
            args.append((self.parse_type(text), '|'.join(flags) or '0', arg_cond, name))
        saves = re.findall(r'save\((\d),(\w+)\)', m[5])
        split = any(self.types[a[0]][0] in ('SPLIT', 'USPLIT') for a in args)
        if m[3] and m[3] not in self.results:
            self.results.append(m[3])
        return {'args': args, 'result': (m[2] or 'd').upper(), 'aux': self.results.index(m[3]) + 1 if m[3] else 0,
                'count': int(m[4]) if m[4] else None, 'saves': saves, 'split': split}

    def find_call(self, name, abi):
        for key in [f'{name}@{abi}'] + [f'{name}@{g}' for g, m in GROUPS.items() if abi in m] + [name]:
            if key in self.calls:
                return key
        return None

    def build_calls(self):
        self.describes, self.describe_ids = [], {}
        self.entries, self.entry_ids = [], {}
        self.index = {abi: {} for abi in ABIS}
        for name, numbers in self.numbers:
            for abi, number in zip(ABIS, numbers):
                if number is not None:
                    self.index[abi][number] = self.entry(name, abi)
        # x32 programs may make calls by their 64-bit number too.
        for name, numbers in self.numbers:
            if numbers[0] is not None and numbers[0] < 512 and numbers[0] not in self.index['x32']:
                self.index['x32'][numbers[0]] = self.entry(name + '#64', 'x86_64')

    def entry(self, name, abi):
        key = self.find_call(name.removesuffix('#64'), abi)
        if key and key not in self.describe_ids:
            self.where = self.calls[key][0]
            self.describe_ids[key] = len(self.describes)
            self.describes.append(self.describe(self.calls[key][1]))
        base = name.removesuffix('#64')
        classes = sorted(self.classes.get(base, set()) | self.classes.get(f'{base}@{abi}', set()), key=CLASSES.index)
        did = self.describe_ids.get(key) if key else None
        count = 6
        if did is not None:
            d = self.describes[did]
            count = d['count'] if d['count'] is not None else self.registers(d, abi)
        if base != name and base != 'rt_sigreturn':
            did = None  # numbers, as in strace: x32 has a call of its own for it
        row = (name, count, tuple(classes), did)
        if row not in self.entry_ids:
            self.entry_ids[row] = len(self.entries)
            self.entries.append(row)
        return self.entry_ids[row]

    def registers(self, d, abi):
        n = 0
        for tid, _, _, _ in d['args']:
            wide = self.types[tid][0] in ('SPLIT', 'USPLIT') and abi in GROUPS['32']
            if wide and abi == 'arm' and n % 2:
                n += 1
            n += 2 if wide else 1
        return n

    # -- writing ------------------------------------------------------------
    def write(self, c_path, h_path):
        self.build_structs()
        self.build_calls()
        self.build_ioctls()
        self.build_netlink()
        for name in self.structs:
            for layout in range(LAYOUTS):
                self.struct_size(self.struct_ids[name], layout)
        with open(h_path, 'w') as out:
            self.write_header(out)
        with open(c_path, 'w') as out:
            out.write('/* Made by compile.py from *.def and *.tbl: do not edit. */\n'
                      '#include "syscall/describe.h"\n#include "syscall/hooks.h"\n#include "syscall/netlink.h"\n\n')
            self.write_xlats(out)
            self.write_structs(out)
            self.write_calls(out)
            self.write_netlink(out)
            self.write_pool(out)

    def write_header(self, out):
        out.write('/* Made by compile.py: do not edit. */\n#ifndef SONDE_SYSCALL_TABLES_H\n#define SONDE_SYSCALL_TABLES_H\n')
        out.write('enum sys_xlat_id {\n' + ''.join(f'\tXLAT_{n},\n' for n in self.xlats) + '\tXLAT_COUNT\n};\n')
        out.write('enum sys_struct_id {\n' + ''.join(f'\tSTRUCT_{n},\n' for n in self.structs) + '\tSTRUCT_COUNT\n};\n')
        out.write('#define SYS_HOOKS(X)' + ''.join(f' X({n})' for n in self.hooks) + '\n')
        out.write('#define SYS_RESULTS(X)' + ''.join(f' X({n})' for n in self.results) + '\n')
        out.write('#define SYS_NLA_FUNCTIONS(X)' + ''.join(f' X({n})' for n in self.nla_functions) + '\n')
        out.write('enum sys_nla_table_id {\n' + ''.join(f'\tNLA_{n},\n' for n in self.nla_source) + '\tNLA_COUNT\n};\n')
        out.write('#endif\n')

    def write_xlats(self, out):
        out.write('const struct sys_value sys_values[] = {\n')
        at, rows = 0, []
        beyond = dict(self.xlats['beyond_strace'][1])
        for name, (default, values) in self.xlats.items():
            if values:
                out.write('\t' + ' '.join(f'{{{v:#x}, {self.names.add(n)}{", 1" if n in beyond else ""}}},' for n, v in values) + f' /* {name} */\n')
            ordered = all(values[i][1] < values[i + 1][1] for i in range(len(values) - 1))
            rows.append((at, len(values), self.names.add(default) if default != '-' else 0, int(ordered)))
            at += len(values)
        out.write('};\nconst struct sys_xlat sys_xlats[] = {\n')
        out.write(''.join(f'\t{{{a}, {n}, {d}, {o}}},\n' for a, n, d, o in rows) + '};\n')

    def write_structs(self, out):
        fields, rows = [], []
        for name in self.structs:
            opts, flds, show = self.parsed[name]
            order = flds if show is None else flds
            first = len(fields)
            for f in order:
                marks = [m for m, c in (('SYS_FIELD_VERBOSE', '-'), ('SYS_FIELD_HIDDEN', '~'), ('SYS_FIELD_NONZERO', '+'), ('SYS_FIELD_BARE', '!'), ('SYS_FIELD_EITHER', '='), ('SYS_FIELD_DOTS', '^'), ('SYS_FIELD_BECAME', '>'), ('SYS_FIELD_SILENT', '*')) if c in f['marks']]
                off = ', '.join(str(f['offset'][i]) for i in range(LAYOUTS))
                fields.append(f'{{{self.names.add(f["name"])}, {f["type"]}, {f["cond"]}, {"|".join(marks) or 0}, {{{off}}}}}')
            size = ', '.join(str(self.sizes[name, i][0]) for i in range(LAYOUTS))
            names = [f['name'] for f in flds]
            show_at = len(self.show) if show else 0
            if show:
                self.show += [i for s in show for i, n in enumerate(names) if n == s]
            rows.append(f'{{{first}, {len(order)}, {show_at}, {len(self.show) - show_at if show else 0}, {{{size}}}}}')
        out.write('const struct sys_field sys_fields[] = {\n\t' + ',\n\t'.join(fields) + '\n};\n')
        out.write('const struct sys_struct sys_structs[] = {\n\t' + ',\n\t'.join(rows) + '\n};\n')
        out.write('const uint8_t sys_show[] = {' + ', '.join(map(str, self.show)) + '};\n')

    show = [0]
    every = None  # fields of the structure that is being read

    def write_calls(self, out):
        out.write('const struct syscall_describe sys_describes[] = {\n')
        for d in self.describes:
            args = ', '.join(f'{{{t}, {f}, {c}, {l}}}' for t, f, c, l in d['args'])
            saves = ', '.join(f'{{{a}, {SIZES[s]}}}' for a, s in d['saves'])
            out.write(f'\t{{.args = {{{args or "{0}"}}}, .count = {len(d["args"])}, .result = SYS_RESULT_{d["result"]}, '
                      f'.aux = {d["aux"]}, .split = {int(d["split"])}, .save_count = {len(d["saves"])}'
                      + (f', .saves = {{{saves}}}' if saves else '') + '},\n')
        out.write('};\nconst struct sys_type sys_types[] = {\n')
        for kind, size, flags, param, ref, count in self.types:
            out.write(f'\t{{SYS_{kind}, {size}, {flags}, {param}, {ref}, {count}}},\n')
        out.write('};\nconst struct sys_cond sys_conds[] = {\n\t{0},\n')
        out.write(''.join(f'\t{{{o}, {f}, {v:#x}}},\n' for o, f, v in self.conds) + '};\n')
        out.write('const struct syscall_entry sys_entries[] = {\n')
        for name, count, classes, did in self.entries:
            cl = '|'.join('SYSCALL_' + c.upper() for c in classes) or '0'
            out.write(f'\t{{"{name}", {count}, {cl}, {"NULL" if did is None else f"&sys_describes[{did}]"}}},\n')
        out.write('};\nconst unsigned sys_entry_count = sizeof(sys_entries) / sizeof(sys_entries[0]);\n')
        for abi in ABIS:
            dense = {n: e for n, e in self.index[abi].items() if n < 0xf0000}
            size = max(dense) + 1
            out.write(f'static const uint16_t index_{abi}[{size}] = {{\n\t'
                      + ', '.join(str(dense.get(i, -1) + 1) for i in range(size)) + '\n};\n')
        high = sorted((n, e) for n, e in self.index['arm'].items() if n >= 0xf0000)
        out.write('static const uint16_t index_arm_high[] = {0, ' + ', '.join(str(e + 1) for _, e in high) + '};\n')
        out.write('const struct sys_index sys_index[] = {\n')
        for abi in ABIS:
            hi = 'index_arm_high, sizeof(index_arm_high) / 2' if abi == 'arm' else 'NULL, 0'
            out.write(f'\t{{index_{abi}, sizeof(index_{abi}) / 2, {hi}}},\n')
        out.write('};\n')
        for name, rows in (('ioctl', self.ioctl_rows), ('ioctl32', self.ioctl32_rows)):
            out.write(f'const struct sys_ioctl sys_{name}s[] = {{\n'
                      + ''.join(f'\t{{{c:#x}, {t}, {f}}},\n' for c, t, f in rows) + '};\n')
            out.write(f'const unsigned sys_{name}_count = {len(rows)};\n')
        out.write('#define HOOK(name) hook_##name,\nconst sys_hook sys_hooks[] = { SYS_HOOKS(HOOK) };\n')
        out.write('#define AUX(name) result_##name,\nconst sys_result_hook sys_result_hooks[] = { NULL, SYS_RESULTS(AUX) };\n')

    def write_netlink(self, out):
        def table(name, rows):
            out.write(f'const struct {name} = {{\n' + ''.join('\t{' + ', '.join(map(str, r)) + '},\n' for r in rows) + '};\n')
        table('sys_nla sys_nlas[]', self.nlas)
        table('sys_nla_table sys_nla_tables[]', self.nla_tables)
        table('sys_nl_message sys_nl_messages[]', self.nl_messages)
        out.write(f'const unsigned sys_nl_message_count = {len(self.nl_messages)};\n')
        out.write('#define FUNCTION(name) nla_##name,\nconst sys_nla_function sys_nla_functions[] = { SYS_NLA_FUNCTIONS(FUNCTION) };\n')

    def write_pool(self, out):
        out.write('const char sys_names[] =\n')
        for s in self.names.text:
            out.write('\t"' + s.replace('\\', '\\\\').replace('"', '\\"').replace('?', '\\?') + '\\0"\n')
        out.write('\t;\n')


def main():
    c_path, h_path, root = sys.argv[1:4]
    comp = Compiler()
    comp.names.add('')
    try:
        comp.hold_names(f'{root}/names.def', f'{root}/names.tbl')
        comp.read_numbers(f'{root}/numbers.tbl')
        comp.read_xlats(f'{root}/names.tbl')
        comp.read_structs(f'{root}/structs.def')
        comp.read_ioctls(f'{root}/ioctls.def')
        comp.read_netlink(f'{root}/netlink.def')
        comp.read_calls(f'{root}/calls.def')
        comp.write(c_path, h_path)
    except Fail as fail:
        sys.exit(f'{comp.where}: {fail}')


if __name__ == '__main__':
    main()
