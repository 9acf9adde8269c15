using System.Collections.Concurrent;
using Drover.Brokers;
using Drover.Jobs;
using Drover.NetQueue.Protocol;
using Drover.Storage;
using Drover.Workers;
using Microsoft.Extensions.Logging;

namespace Drover.NetQueue.Server;

/// <summary>The workers that are attached, or away and expected back.</summary>
internal sealed class WorkerSeats(IBroker broker, NetQueueServerOptions options, TimeProvider time, ILogger logger) : IDisposable
{
    private readonly ConcurrentDictionary<string, WorkerSeat> _seats = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _gate = new(1, 1);

    /// <summary>The seat of this instance, taken up again or new. Another instance of the worker loses its seat.</summary>
    public async ValueTask<(WorkerSeat Seat, bool Resumed)> TakeAsync(WorkerDescription worker, ServerConnection connection)
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_seats.TryGetValue(worker.Id, out var seat) && seat.InstanceId == worker.InstanceId)
            {
                StopHold(seat);
                seat.MoveTo(connection)?.Close(ErrorCode.Superseded, "The worker has connected anew.");
                return (seat, true);
            }

            if (seat is not null)
                await EndAsync(seat, "Another instance of the worker has connected.").ConfigureAwait(false);
            seat = new(worker, await broker.ConnectAsync(worker).ConfigureAwait(false));
            seat.MoveTo(connection);
            _seats[worker.Id] = seat;
            _ = PumpAsync(seat);
            return (seat, false);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The worker's connection has ended: it is expected back for a while.</summary>
    public void Leave(WorkerSeat seat, ServerConnection connection)
    {
        if (seat.Connection != connection || !Holds(seat))
            return;
        seat.MoveTo(null);
        Log.Away(logger, seat.WorkerId, options.HoldWorkers);
        seat.Hold = time.CreateTimer(state => _ = GiveUpAsync(seat), null, options.HoldWorkers, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The worker says good-bye.</summary>
    public async ValueTask RemoveAsync(WorkerSeat seat)
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (Holds(seat))
                await EndAsync(seat, null).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The server stops: the workers will come back to the next one.</summary>
    public async ValueTask CloseAsync()
    {
        foreach (var seat in _seats.Values)
            await RemoveAsync(seat).ConfigureAwait(false);
    }

    public void Dispose() => _gate.Dispose();

    private bool Holds(WorkerSeat seat) => _seats.TryGetValue(seat.WorkerId, out var present) && present == seat;

    private static void StopHold(WorkerSeat seat)
    {
        seat.Hold?.Dispose();
        seat.Hold = null;
    }

    private async Task GiveUpAsync(WorkerSeat seat)
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (seat.Connection is not null || !Holds(seat))
                return;
            Log.Gone(logger, seat.WorkerId);
            await EndAsync(seat, null).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async ValueTask EndAsync(WorkerSeat seat, string? superseded)
    {
        _seats.TryRemove(new(seat.WorkerId, seat));
        StopHold(seat);
        var connection = seat.MoveTo(null);
        if (superseded is not null)
            connection?.Close(ErrorCode.Superseded, superseded);
        try
        {
            if (seat.Untold() is { Count: > 0 } untold)
            {
                Log.HandedBack(logger, untold.Count, seat.WorkerId);
                var back = new AttemptOutcome { Kind = OutcomeKind.HandedBack };
                await seat.Session.FinishAsync([.. untold.Select(lease => new FinishRequest(lease.Token, back))]).ConfigureAwait(false);
            }
        }
        catch (StoreUnavailableException)
        {
            // Their leases run out.
        }

        await seat.Session.DisposeAsync().ConfigureAwait(false);
        seat.Dispose();
    }

    private async Task PumpAsync(WorkerSeat seat)
    {
        // The broker may end the session by itself: it stops, or the worker was silent, or it has connected elsewhere.
        var (code, why) = (ErrorCode.ShuttingDown, "The broker has ended the worker's session.");
        try
        {
            await seat.PumpSignalsAsync().ConfigureAwait(false);
        }
        catch (WorkerReplacedException e)
        {
            (code, why) = (ErrorCode.Superseded, e.Message);
        }

        if (!Holds(seat))
            return;
        seat.Connection?.Close(code, why);
        await RemoveAsync(seat).ConfigureAwait(false);
    }
}
