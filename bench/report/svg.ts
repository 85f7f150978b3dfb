import { titleOf, type ContestantName } from '../contestants/contestants.js';

export const WIDTH = 900;
export const MARGIN = 24;

/** A drawing, with a legend of the contestants that it shows at the top. */
export function svg(title: string, height: number, shown: readonly ContestantName[], parts: readonly string[]): string {
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${title}</title>`,
    STYLE,
    `<rect class="page" width="${WIDTH}" height="${height}" />`,
    ...shown.map(entry),
    ...parts,
    '</svg>',
  ].join('\n')}\n`;
}

export function round(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}

function entry(name: ContestantName, index: number): string {
  const x = MARGIN + index * 230;
  return `<circle class="${name}" cx="${x}" cy="20" r="5" /><text x="${x + 12}" y="24">${titleOf(name)}</text>`;
}

const STYLE = `<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.page { fill: #ffffff }
.head { font-weight: 600 }
.tick { fill: #59636e; text-anchor: middle }
.grid { stroke: #d1d9e0 }
.one { stroke: #59636e; stroke-width: 2 }
.nest { fill: #9a6700 } .kit { fill: #0969da } .kit-defaults { fill: #1a7f37 }
.bare { fill: #59636e } .bar { opacity: 0.4 }
.line { fill: none; stroke-width: 2 } .line.bare { stroke: #59636e } .line.nest { stroke: #9a6700 } .line.kit { stroke: #0969da }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .page { fill: #0d1117 } .tick { fill: #9198a1 } .grid { stroke: #3d444d } .one { stroke: #9198a1 }
.nest { fill: #d29922 } .kit { fill: #4493f8 } .kit-defaults { fill: #3fb950 }
.bare { fill: #9198a1 } .line.bare { stroke: #9198a1 } .line.nest { stroke: #d29922 } .line.kit { stroke: #4493f8 } .line { fill: none }
}
</style>`;
