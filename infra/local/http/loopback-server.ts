/** HTTP servers of the house: on the loopback interface alone. */
import type { Server } from 'node:http';

/** A port that somebody else listens on. */
export class PortInUseError extends Error {
  override readonly name = 'PortInUseError';
}

/** @returns the port. @throws PortInUseError when it is taken. */
export function listenOnLoopback(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new PortInUseError(`port ${port} of 127.0.0.1 is in use`) : error);
    });
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : port);
    });
  });
}

/** Closes the server and every connection to it. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
