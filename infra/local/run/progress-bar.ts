/** One line that shows how far something has come, where somebody looks. */

export interface ProgressBar {
  show(done: number, label: string): void;
  end(): void;
}

const WIDTH = 30;

/** On anything but a terminal it shows nothing. @param unit what is counted */
export function progressBar(stream: NodeJS.WriteStream, total: number, unit = 'days'): ProgressBar {
  if (!stream.isTTY) return { show: () => undefined, end: () => undefined };
  return {
    show: (done, label) => {
      const filled = Math.round((done / total) * WIDTH);
      stream.write(`\r\u001B[2K${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${done}/${total} ${unit} ${label}`);
    },
    end: () => {
      stream.write('\r\u001B[2K');
    },
  };
}
