/** What the server says about a topic. `reset`: events were missed, read the state anew. */
export type Frame = { topic: string; event: string; seq?: number; data?: unknown };
export type LiveState = 'live' | 'reconnecting' | 'offline';

type Handler = (frame: Frame) => void;
type Topic = { handlers: Set<Handler>; after?: number };

const FIRST_WAIT = 300;
const LONGEST_WAIT = 15_000;
/** The server shows that it lives every 15 s; twice that without a frame and the line is dead, whatever the browser thinks. */
const SILENCE = 40_000;

/** The tab's one WebSocket: subscribes anew after a loss, each topic from the last seq that was seen. */
export class LiveSocket {
  state: LiveState = 'reconnecting';
  private socket?: WebSocket;
  private readonly topics = new Map<string, Topic>();
  private readonly listeners = new Set<() => void>();
  private wait = FIRST_WAIT;
  private timer?: ReturnType<typeof setTimeout>;
  private silence?: ReturnType<typeof setTimeout>;
  private running = false;

  constructor(private readonly url: () => string) {}

  start() {
    if (this.running) return;
    this.running = true;
    window.addEventListener('online', this.now);
    window.addEventListener('offline', this.lost);
    this.connect();
  }

  stop() {
    this.running = false;
    window.removeEventListener('online', this.now);
    window.removeEventListener('offline', this.lost);
    clearTimeout(this.timer);
    clearTimeout(this.silence);
    this.socket?.close();
    this.socket = undefined;
    this.set('offline');
  }

  /** Hears of a topic until the answer is called. `after` is the last seq already known. */
  subscribe(name: string, handler: Handler, after?: number): () => void {
    let topic = this.topics.get(name);
    if (topic) topic.handlers.add(handler);
    else {
      topic = { handlers: new Set([handler]), after };
      this.topics.set(name, topic);
      this.ask(name, topic);
    }
    return () => {
      topic.handlers.delete(handler);
      if (topic.handlers.size > 0 || this.topics.get(name) !== topic) return;
      this.topics.delete(name);
      this.send({ op: 'unsubscribe', topic: name });
    };
  }

  onState = (listener: () => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private connect() {
    const socket = new WebSocket(this.url());
    this.socket = socket;
    socket.onopen = () => {
      if (socket !== this.socket) return;
      this.wait = FIRST_WAIT;
      this.set('live');
      this.heard();
      for (const [name, topic] of this.topics) this.ask(name, topic);
    };
    socket.onmessage = ({ data }) => {
      if (socket !== this.socket) return;
      this.heard();
      this.take(JSON.parse(data as string) as Frame);
    };
    socket.onclose = () => socket === this.socket && this.again();
  }

  private take(frame: Frame) {
    const topic = this.topics.get(frame.topic);
    if (!topic) return;
    if (frame.seq !== undefined) topic.after = frame.seq;
    for (const handler of topic.handlers) handler(frame);
  }

  private ask(name: string, topic: Topic) {
    this.send({ op: 'subscribe', topic: name, ...(topic.after === undefined ? {} : { after: topic.after }) });
  }

  private send(frame: object) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  private heard() {
    clearTimeout(this.silence);
    this.silence = setTimeout(() => this.now(), SILENCE);
  }

  private again() {
    this.socket = undefined;
    clearTimeout(this.silence);
    if (!this.running) return;
    this.set(navigator.onLine === false ? 'offline' : 'reconnecting');
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(LONGEST_WAIT, this.wait * 2);
  }

  private now = () => {
    clearTimeout(this.timer);
    const old = this.socket;
    this.socket = undefined;
    old?.close();
    if (!this.running) return;
    this.set('reconnecting');
    this.connect();
  };

  private lost = () => this.set('offline');

  private set(state: LiveState) {
    if (this.state === state) return;
    this.state = state;
    for (const listener of this.listeners) listener();
  }
}
