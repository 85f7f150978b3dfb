import { Catch, Injectable, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Socket } from 'nest-realtime-kit';
import { ErrorReports, isMeantForClient } from './exception-filter.js';

@Catch()
@Injectable()
export class ReportingFilter implements ExceptionFilter {
  constructor(private readonly reports: ErrorReports) {}

  catch(error: unknown, host: ArgumentsHost): never {
    const ws = host.switchToWs();
    if (!isMeantForClient(error)) {
      this.reports.capture(error, { event: ws.getPattern(), client: ws.getClient<Socket>().id });
    }
    throw error;
  }
}
