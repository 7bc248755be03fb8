/* The style sheet and the icon: the only files that pages ask for. */
#include "export/style.h"
#include "serve/page.h"

static const char site_style[] =
	":root { --accent: #b3261e; --raise: #fff; --hover: #eef1f5; --c0: #eef1f5; --c1: #fbd9d3; --c2: #f5aea3; --c3: #e5796b;\n"
	"  --c4: #b3261e; --bar-new: #c5362c; --bar-known: #d99a1f; }\n"
	"@media (prefers-color-scheme: dark) { :root { --accent: #ff8a80; --raise: #1d2125; --hover: #252b31; --c0: #1d2125; --c1: #4a2320;\n"
	"  --c2: #7c322b; --c3: #b5473d; --c4: #ff8a80; --bar-new: #ff8a80; --bar-known: #b98a2c; } }\n"
	"body { max-width: none; padding: 0; font-size: 15px; }\n"
	"main { max-width: 80rem; margin: 0 auto; padding: 1.25rem 1rem 2rem; outline: none; } main.wide { max-width: none; }\n"
	"a { text-decoration-thickness: 1px; text-underline-offset: 2px; }\n"
	":focus-visible { outline: 2px solid var(--link); outline-offset: 2px; border-radius: 2px; }\n"
	".unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }\n"
	".skip { position: absolute; left: -999rem; } .skip:focus { left: .5rem; top: .5rem; z-index: 1; padding: .5rem 1rem;\n"
	"  background: var(--back); border: 1px solid var(--line); border-radius: .25rem; }\n"
	"header.site { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 1.5rem; padding: .5rem 1rem;\n"
	"  border-bottom: 1px solid var(--line); background: var(--card); }\n"
	".brand { display: inline-flex; align-items: center; gap: .4rem; font-weight: 700; color: var(--text); text-decoration: none; }\n"
	".brand .pole { stroke: var(--dim); stroke-width: 2; fill: none; } .brand .flag { fill: var(--accent); }\n"
	"header.site ul { display: flex; flex-wrap: wrap; gap: 0 .25rem; margin: 0; padding: 0; list-style: none; }\n"
	"header.site li a { display: block; padding: .35rem .6rem; border-radius: .25rem; color: var(--text); text-decoration: none; }\n"
	"header.site li a:hover { background: var(--hover); }\n"
	"header.site li a[aria-current] { box-shadow: inset 0 -2px var(--accent); border-radius: .25rem .25rem 0 0; font-weight: 600; }\n"
	".find { display: flex; gap: .4rem; flex: 1 1 16rem; justify-content: flex-end; } .find label { flex: 0 1 22rem; }\n"
	".find input { width: 100%; }\n"
	"input, select, button { font: inherit; color: inherit; padding: .3rem .55rem; border: 1px solid var(--line); border-radius: .3rem;\n"
	"  background: var(--raise); min-width: 0; }\n"
	"button { cursor: pointer; } button:hover { background: var(--hover); }\n"
	"button.main { background: var(--accent); border-color: var(--accent); color: var(--back); font-weight: 600; }\n"
	"footer.site { padding: 1rem; border-top: 1px solid var(--line); color: var(--dim); font-size: .85rem; text-align: center; }\n"
	"h1 { font-size: 1.45rem; line-height: 1.25; } h2 { font-size: 1.05rem; margin: 1.75rem 0 .5rem; }\n"
	"h1 + p { color: var(--dim); }\n"
	".badge { display: inline-block; padding: 0 .45rem; border: 1px solid; border-radius: 1rem; font-size: .78rem; line-height: 1.35rem;\n"
	"  font-weight: 600; white-space: nowrap; }\n"
	".is-new { color: var(--new); } .is-known { color: var(--known); } .is-good { color: var(--good); } .is-off { color: var(--off); }\n"
	"table.list { width: 100%; font-size: .9rem; }\n"
	"table.list th, table.list td { padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }\n"
	"table.list th:last-child, table.list td:last-child { padding-right: .25rem; }\n"
	"table.list thead th { color: var(--dim); font-weight: 600; font-size: .8rem; white-space: nowrap; vertical-align: bottom; }\n"
	"table.list thead a { color: inherit; } table.list thead th[aria-sort] { color: var(--text); }\n"
	"th[aria-sort] a::after { content: \" \\2193\"; } th[aria-sort=ascending] a::after { content: \" \\2191\"; }\n"
	"table.list th[scope=row] { font-weight: 400; } table.list tbody tr:hover { background: var(--hover); }\n"
	".what { min-width: 12rem; } .inner { padding-left: 1.25rem !important; color: var(--dim); }\n"
	".meta { display: flex; flex-wrap: wrap; gap: 0 .75rem; color: var(--dim); font-size: .85em; }\n"
	"time { white-space: nowrap; } .number { text-align: right !important; font-variant-numeric: tabular-nums; white-space: nowrap; }\n"
	".when { font-variant-numeric: tabular-nums; } .empty { padding: 1rem 0; color: var(--dim); }\n"
	".count { color: var(--dim); font-weight: 400; font-size: .85em; font-variant-numeric: tabular-nums; }\n"
	".bar { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: end; margin: .75rem 0; }\n"
	".bar label { display: grid; gap: .15rem; color: var(--dim); font-size: .8rem; } .bar input, .bar select { font-size: .9rem; color: var(--text); }\n"
	".bar input[type=search] { width: min(24rem, 80vw); }\n"
	".chips { display: flex; flex-wrap: wrap; gap: .4rem; margin: .5rem 0; padding: 0; list-style: none; }\n"
	".chip { display: inline-block; padding: .1rem .6rem; border: 1px solid var(--line); border-radius: 1rem; background: var(--card);\n"
	"  color: var(--text); text-decoration: none; font-size: .85rem; } .chip:hover { border-color: var(--link); }\n"
	".with-aside { display: grid; grid-template-columns: minmax(0, 1fr) 15rem; gap: 0 2rem; align-items: start; }\n"
	"aside section { margin-bottom: 1rem; } aside h2 { margin: 0 0 .25rem; font-size: .8rem; color: var(--dim); }\n"
	"aside ul { margin: 0; padding: 0; list-style: none; font-size: .88rem; }\n"
	"aside li { display: flex; gap: .5rem; justify-content: space-between; padding: .08rem 0; }\n"
	"aside li a { color: var(--text); text-decoration: none; } aside li a:hover { text-decoration: underline; color: var(--link); }\n"
	"aside li a[aria-current] { font-weight: 700; color: var(--accent); } aside li a[aria-current]::after { content: \" \\00d7\"; }\n"
	".narrow { display: none; }\n"
	".pager { display: flex; gap: 1rem; align-items: baseline; margin: 1rem 0; } .pager span { color: var(--dim); }\n"
	"@media (max-width: 46rem) {\n"
	"  .narrow { display: inline; margin-left: .75rem; } .with-aside { grid-template-columns: minmax(0, 1fr); }\n"
	"  aside { border-top: 1px solid var(--line); padding-top: 1rem; margin-top: 1rem; }\n"
	"  header.site { gap: .25rem .75rem; padding: .5rem; } header.site li a { padding: .35rem .4rem; } .find { flex-basis: 100%; justify-content: stretch; }\n"
	"  .find label { flex: 1; } main { padding: 1rem .75rem 2rem; }\n"
	"  table.list thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }\n"
	"  table.list, table.list tbody { display: block; } table.list tbody tr { display: flex; flex-wrap: wrap; gap: 0 .75rem; padding: .5rem 0;\n"
	"    border-bottom: 1px solid var(--line); align-items: baseline; }\n"
	"  table.list tbody th, table.list tbody td { display: block; border: 0; padding: 0 !important; } table.list .what { flex: 1 1 100%; order: 1; }\n"
	"  table.list td { order: 2; color: var(--dim); } table.list td.status, table.list td.last { order: 0; } table.list td.last { margin-left: auto; }\n"
	"  table.findings td.when:not(.last) { display: none; } td[data-name]::after { content: \" \" attr(data-name); }\n"
	"}\n";

int rf_page_style(struct rf_page *p, struct rf_error *err)
{
	(void)err;
	p->content_type = "text/css; charset=utf-8";
	rf_buf_put_cstr(p->out, rf_style_base);
	rf_buf_put_cstr(p->out, site_style);
	return 0;
}

int rf_page_icon(struct rf_page *p, struct rf_error *err)
{
	(void)err;
	p->content_type = "image/svg+xml";
	rf_buf_put_cstr(p->out, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\"><path d=\"M3 1v14\" stroke=\"#7a838f\" "
				"stroke-width=\"2\"/><path d=\"M4 2h9l-2.5 3L13 8H4z\" fill=\"#d93025\"/></svg>\n");
	return 0;
}
