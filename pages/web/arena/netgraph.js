// The net graph: the client's statistics over the last seconds, and sliders for simulated lag.

import { byId, make, markMore, memory, setText, show } from "./dom.js";

const SAMPLES = 150;
const SAMPLE_MS = 66;
const NUMBERS_MS = 250;
/** The graph's smallest height in ms. */
const TOP_MS_MIN = 120;

const ROWS = [
  ["k-rtt", "Round trip", (now) => `${now.rtt_ms.toFixed(0)} ms`],
  [null, "Jitter", (now) => `${now.jitter_ms.toFixed(1)} ms`],
  ["k-age", "Snapshot age", (now) => `${now.snapshot_age_ms.toFixed(0)} ms`],
  [null, "Interpolation", (now) => `${now.interpolation_delay_ms.toFixed(0)} ms`],
  ["k-margin", "Margin", (now) => `${now.margin_ticks.toFixed(1)} ticks`],
  ["k-fix", "Corrections", (now) => `${now.corrections}`],
  [null, "In", (now) => `${kilobytes(now.bytes_in_per_s)}, ${Math.round(now.messages_in_per_s)}/s`],
  [null, "Out", (now) => `${kilobytes(now.bytes_out_per_s)}, ${Math.round(now.messages_out_per_s)}/s`],
  [null, "Late, held, folded", (now) => `${now.inputs_late}, ${now.inputs_held}, ${now.inputs_folded}`],
  [null, "Guessed", (now) => `${(100 * now.guessed).toFixed(1)} %`],
  [null, "Entities", (now) => `${now.entities}`],
  [null, "Frame", (now) => `${now.frame_ms.toFixed(1)} ms`],
];

const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} kB/s`;

export class NetGraph {
  #panel = byId("net");
  #button = byId("btn-net");
  #canvas = byId("net-graph");
  #values = [];
  #samples = [];
  #sampled_ms = 0;
  #numbers_ms = 0;
  #corrections = 0;
  #network;

  /** `network({ delay_ms, jitter_ms })` is called when a slider moves. The page itself calls `toggle`. */
  constructor(network) {
    this.#network = network;
    for (const [key, name] of ROWS) {
      const value = make("dd");
      this.#values.push(value);
      byId("net-rows").append(make("div", {}, make("dt", key ? { className: key } : {}, name), value));
    }
    markMore(this.#panel);
    for (const name of ["delay", "jitter"]) byId(`lag-${name}`).addEventListener("input", () => this.#slid());
    this.toggle(memory.get("net") === "1");
  }

  toggle(open = this.#panel.hidden) {
    show(this.#panel, open);
    this.#button.setAttribute("aria-pressed", String(open));
    memory.set("net", open ? "1" : "0");
  }

  /** The simulated lag that the sliders set. */
  get lag() {
    return { delay_ms: Number(byId("lag-delay").value), jitter_ms: Number(byId("lag-jitter").value) };
  }

  clear() {
    this.#samples = [];
    this.#corrections = 0;
  }

  update(client, now, frame_ms) {
    if (now - this.#sampled_ms < SAMPLE_MS) return;
    this.#sampled_ms = now;
    const statistics = { ...client.stats(), frame_ms };
    const fixed = statistics.corrections > this.#corrections;
    this.#corrections = statistics.corrections;
    const { rtt_ms: rtt, snapshot_age_ms: age, frames, frames_starved: starved } = statistics;
    this.#samples.push({
      rtt,
      age,
      margin: statistics.margin_ticks * (1000 / client.tickRate),
      fixed,
      frames,
      starved,
    });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    // On a small screen another panel takes its place.
    const isSeen = this.#panel.offsetHeight > 0;
    this.#button.setAttribute("aria-pressed", String(isSeen));
    if (!isSeen) return;
    this.#draw();
    if (now - this.#numbers_ms < NUMBERS_MS) return;
    this.#numbers_ms = now;
    const [oldest] = this.#samples;
    statistics.guessed = (starved - oldest.starved) / Math.max(1, frames - oldest.frames);
    ROWS.forEach(([, , text], at) => setText(this.#values[at], text(statistics)));
  }

  #slid() {
    for (const [name, value] of Object.entries(this.lag)) {
      setText(byId(`lag-${name.replace("_ms", "")}-out`), `${value} ms`);
    }
    this.#network(this.lag);
  }

  #draw() {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [this.#canvas.clientWidth, this.#canvas.clientHeight];
    if (this.#canvas.width !== Math.round(width * ratio)) {
      this.#canvas.width = Math.round(width * ratio);
      this.#canvas.height = Math.round(height * ratio);
    }
    const context = this.#canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const top = Math.max(TOP_MS_MIN, ...this.#samples.map((sample) => Math.max(sample.rtt, sample.age)));
    const step = width / (SAMPLES - 1);
    const x = (at) => width - (this.#samples.length - 1 - at) * step;
    const y = (value) => height - 2 - (Math.max(0, Math.min(value, top)) / top) * (height - 14);
    context.fillStyle = "rgb(201 162 255 / 45%)";
    this.#samples.forEach((sample, at) =>
      context.fillRect(x(at) - step, y(sample.age), Math.max(1, step - 0.4), height - y(sample.age)),
    );
    context.fillStyle = "#ff6b7a";
    this.#samples.forEach((sample, at) => sample.fixed && context.fillRect(x(at) - 1, 0, 2, 8));
    context.lineWidth = 1.5;
    for (const [field, colour] of [["margin", "#5fe08a"], ["rtt", "#5ef2ff"]]) {
      context.strokeStyle = colour;
      context.setLineDash(field === "margin" ? [4, 2] : []);
      context.beginPath();
      this.#samples.forEach((sample, at) => context.lineTo(x(at), y(sample[field])));
      context.stroke();
    }
    context.fillStyle = "#a3b2cc";
    context.font = "10px system-ui, 'DejaVu Sans', sans-serif";
    context.fillText(`${Math.round(top)} ms`, 4, 11);
  }
}
