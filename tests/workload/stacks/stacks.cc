// SPDX-License-Identifier: LGPL-2.1-or-later
// Exceptions, destructors, virtual calls, lambdas: stacks as C++ makes them.
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#define NOINLINE __attribute__((noinline))
static volatile int sink;

NOINLINE static int leaf(int x)
{
	sink = sink + x;
	return sink;
}

struct guard {
	int v;
	explicit guard(int x) : v(x) {}
	NOINLINE ~guard() { leaf(v); }
};

struct base {
	virtual ~base() = default;
	virtual int run(int x) = 0;
};
struct derived : base {
	NOINLINE int run(int x) override
	{
		guard g(x);
		if (x > 2)
			throw std::runtime_error("too large");
		return leaf(x);
	}
};

NOINLINE static int deeper(base &b, int n)
{
	guard g(n);
	return n == 0 ? b.run(5) : deeper(b, n - 1) + 1;
}

NOINLINE static int catches(base &b)
{
	try {
		return deeper(b, 3);
	} catch (const std::exception &e) {
		return leaf(static_cast<int>(std::string(e.what()).size()));
	}
}

NOINLINE static int rethrows(base &b)
{
	try {
		try {
			return b.run(9);
		} catch (...) {
			leaf(1);
			throw;
		}
	} catch (const std::runtime_error &) {
		return leaf(2);
	}
}

int main()
{
	derived d;
	std::vector<int> v{ 3, 1, 2 };
	std::function<int(int)> f = [&](int x) { return leaf(x) + v[0]; };
	int sum = d.run(1) + catches(d) + rethrows(d) + f(4);

	return sum == -1;
}
