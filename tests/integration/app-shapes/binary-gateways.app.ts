import { createHash } from 'node:crypto';
import { Module } from '@nestjs/common';
import {
  ConnectedSocket,
  MessageBody,
  SubscribeMessage,
  WebSocketGateway,
  WebSocketServer,
  type WsResponse,
} from '@nestjs/websockets';
import type { AppModule } from 'nest-realtime-kit/testing';
import { concatMap, from, range, type Observable } from 'rxjs';
import type { Server, Socket } from 'socket.io';
import * as parser from 'socket.io-msgpack-parser';
import type { Imports } from './servings.js';

export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

interface File {
  name: string;
  content: Buffer;
}

interface Upload {
  folder: string;
  files: File[];
}

@WebSocketGateway({ parser })
class UploadGateway {
  @SubscribeMessage('upload')
  upload(@MessageBody() content: Buffer): { size: number; digest: string } {
    return { size: content.length, digest: digest(content) };
  }

  @SubscribeMessage('upload all')
  uploadAll(@MessageBody() { folder, files }: Upload): Record<string, string> {
    return Object.fromEntries(files.map(({ name, content }) => [`${folder}/${name}`, digest(content)]));
  }

  @SubscribeMessage('append')
  append(@MessageBody() [name, ...pieces]: [string, ...Buffer[]]): File {
    return { name, content: Buffer.concat(pieces) };
  }
}

@WebSocketGateway({ parser })
class DownloadGateway {
  @SubscribeMessage('download')
  async download(@MessageBody() size: number): Promise<Buffer> {
    await Promise.resolve();
    return Buffer.alloc(size, 7);
  }

  @SubscribeMessage('stream')
  stream(@MessageBody() pieces: number): Observable<WsResponse<File>> {
    return range(0, pieces).pipe(
      concatMap((piece) => from(Promise.resolve(piece))),
      concatMap(async (piece) => ({
        event: 'piece',
        data: { name: String(piece), content: Buffer.alloc(3, piece) },
      })),
    );
  }
}

@WebSocketGateway({ parser })
class PreviewGateway {
  @SubscribeMessage('preview')
  preview(@MessageBody() { name, content }: File): WsResponse<File> {
    return { event: 'previewed', data: { name, content: content.subarray(0, 4) } };
  }
}

@WebSocketGateway({ parser })
class SensorGateway {
  /** Asks the client itself, and gives back what it says. */
  @SubscribeMessage('measure')
  async measure(@ConnectedSocket() client: Socket, @MessageBody() calibration: Buffer): Promise<object> {
    const measured = (await client.timeout(2_000).emitWithAck('sample', calibration)) as Buffer;
    return { isBuffer: Buffer.isBuffer(measured), digest: digest(measured), measured };
  }
}

@WebSocketGateway({ parser })
class SharingGateway {
  @WebSocketServer() private readonly server!: Server;

  @SubscribeMessage('join')
  async join(@ConnectedSocket() client: Socket, @MessageBody() room: string): Promise<string> {
    await client.join(room);
    return room;
  }

  @SubscribeMessage('share')
  share(@ConnectedSocket() client: Socket, @MessageBody() [room, content]: [string, Buffer]): void {
    client.to(room).emit('shared', content);
  }

  /** Resolves when every client of the room has said by its ack what it has got. */
  @SubscribeMessage('share safely')
  async shareSafely(@MessageBody() [room, content]: [string, Buffer]): Promise<boolean> {
    const answers = (await this.server.to(room).timeout(2_000).emitWithAck('checked', content)) as Buffer[];
    return answers.every((answer) => content.equals(answer));
  }
}

export function binaryGatewaysApp(imports: Imports): AppModule {
  @Module({
    imports: [...imports],
    providers: [UploadGateway, DownloadGateway, PreviewGateway, SensorGateway, SharingGateway],
  })
  class BinaryGatewaysApp {}
  return BinaryGatewaysApp;
}
