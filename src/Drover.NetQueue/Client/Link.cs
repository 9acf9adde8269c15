using System.Security.Authentication;
using Drover.NetQueue.Messages;
using Drover.NetQueue.Protocol;
using Drover.NetQueue.Server;
using Microsoft.Extensions.Logging;

namespace Drover.NetQueue.Client;

/// <summary>Takes a push that is no event.</summary>
internal delegate void TakePush(FrameType type, ref BodyReader body);

/// <summary>
/// A client's tie to the queue server, over one connection after the other. A request stays pending until it is
/// answered; when the connection breaks, a new one is made and all that is pending is sent again, marked as such.
/// </summary>
internal sealed partial class Link : IAsyncDisposable
{
    private static readonly TimeSpan TickEvery = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _ended = new();
    private readonly NetQueueClientOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Dialer _dialer;
    private readonly EventSeq _seq;
    private readonly Func<ClientConnection, CancellationToken, Task>? _introduce;
    private readonly TakePush? _push;
    private readonly Guid _clientId = Guid.NewGuid();
    private readonly ITimer _tick;
    private Task? _running;
    private ClientConnection? _live;
    private Exception? _refused;
    private bool _final;

    /// <param name="options">Where to, and how patient.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where connects and losses are told.</param>
    /// <param name="seq">Keeps the latest event.</param>
    /// <param name="introduce">What is done on each new connection before anything else.</param>
    /// <param name="push">Takes pushes that are no events.</param>
    public Link(
        NetQueueClientOptions options, TimeProvider time, ILogger logger, EventSeq seq, Func<ClientConnection, CancellationToken, Task>? introduce = null, TakePush? push = null)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _dialer = new(options);
        _seq = seq;
        _introduce = introduce;
        _push = push;
        _room = new(options.MaxPending, options.MaxPending);
        _pingedAt = time.GetTimestamp();
        _tick = time.CreateTimer(_ => Tick(), null, TickEvery, TickEvery);
    }

    private enum Verdict
    {
        /// <summary>It passes: keep what is pending and connect again.</summary>
        Retry,

        /// <summary>It needs somebody's hand: tell the callers, and see now and then whether it was lent.</summary>
        Refused,

        /// <summary>It is over.</summary>
        Final,
    }

    /// <summary>Called when the server refuses the connection, or it is over.</summary>
    public Action<Exception, bool>? OnRefused { get; set; }

    public void Start()
    {
        lock (_gate)
            _running ??= Task.Run(RunAsync);
    }

    /// <summary>Says good-bye when it can, and ends.</summary>
    public async ValueTask DisposeAsync()
    {
        Task? running;
        lock (_gate)
        {
            if (_ended.IsCancellationRequested)
                return;
            running = _running;
            _running ??= Task.CompletedTask;
            _ended.Cancel();
            _live?.Cut();
        }

        if (running is not null)
            await running.ConfigureAwait(false);
        await _tick.DisposeAsync().ConfigureAwait(false);
        End(new ObjectDisposedException(nameof(NetQueueBroker)), final: true);
    }

    /// <summary>Keep, tell or give up: decided here and nowhere else.</summary>
    private Verdict VerdictOn(Exception why) => why switch
    {
        NetQueueException { Code: ErrorCode.Superseded } => _introduce is null ? Verdict.Retry : Verdict.Final,
        NetQueueException { Code: ErrorCode.Unauthorized or ErrorCode.Forbidden or ErrorCode.Version or ErrorCode.Insecure or ErrorCode.BadRequest } => Verdict.Refused,
        AuthenticationException => Verdict.Refused,
        _ => Verdict.Retry,
    };

    private async Task RunAsync()
    {
        int failures = 0;
        while (!_ended.IsCancellationRequested)
        {
            Exception why;
            try
            {
                await using var connection = await ConnectAsync().ConfigureAwait(false);
                failures = 0;
                await EndedAsync(connection).ConfigureAwait(false);
                why = connection.Reason ?? new IOException("The queue server closed the connection.");
            }
            catch (Exception e)
            {
                why = e;
            }

            if (_ended.IsCancellationRequested)
                return;
            var verdict = VerdictOn(why);
            if (verdict != Verdict.Retry)
            {
                Log.Refused(_logger, _options.ToString(), why.Message);
                End(why, final: verdict == Verdict.Final);
                if (verdict == Verdict.Final)
                    return;
            }

            await BackOffAsync(failures++, why).ConfigureAwait(false);
        }
    }

    private async Task<ClientConnection> ConnectAsync()
    {
        using var limit = new CancellationTokenSource(_options.ConnectTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _ended.Token);
        ClientConnection? connection = null;
        try
        {
            connection = new(await _dialer.OpenAsync(either.Token).ConfigureAwait(false), this, _options, _time);
            connection.Start();
            connection.Welcome = await HelloAsync(connection, either.Token).ConfigureAwait(false);
            _seq.Saw(connection.Welcome.LastEventSeq);
            if (_introduce is not null)
                await _introduce(connection, either.Token).ConfigureAwait(false);
            MakeLive(connection);
            return connection;
        }
        catch (Exception e)
        {
            if (connection is not null)
            {
                FailLocal(e);
                await connection.DisposeAsync().ConfigureAwait(false);
            }

            if (e is OperationCanceledException && limit.IsCancellationRequested)
                throw new TimeoutException($"The queue server did not answer within {_options.ConnectTimeout}.", e);
            throw connection?.Reason ?? e;
        }
    }

    private Task<Welcome> HelloAsync(ClientConnection connection, CancellationToken cancel)
    {
        connection.Outbox.Send(Wire.Preamble);
        var hello = new Hello(Wire.MinVersion, Wire.MaxVersion, _options.Token, _clientId, ServerContext.Software);
        return RequestOnAsync(connection, FrameType.Hello, hello, static (w, hello) => hello.Write(w), Welcome.Read, cancel);
    }

    private async Task EndedAsync(ClientConnection connection)
    {
        try
        {
            await connection.EndedAsync().ConfigureAwait(false);
        }
        catch (Exception) when (connection.Reason is not null)
        {
            throw connection.Reason;
        }
        finally
        {
            connection.Cut();
            lock (_gate)
                _live = null;
            FailLocal(new IOException("The connection to the queue server is lost."));
        }
    }

    /// <summary>Puts the connection in use: first goes again what is pending and what is subscribed to, in the order it was asked.</summary>
    private void MakeLive(ClientConnection connection)
    {
        int again = 0;
        var unfit = new List<(Pending Pending, Exception Why)>();
        lock (_gate)
        {
            foreach (var pending in _pending.Values.Where(p => !p.Local).OrderBy(p => p.Id))
            {
                if (Unfit(pending.Frame, connection) is { } why)
                {
                    unfit.Add((pending, why));
                    continue;
                }

                if (pending.Sent)
                    pending.Frame.MarkAgain();
                pending.Sent = true;
                connection.Outbox.Send(pending.Frame.Written.Span, gather: true);
                if (pending.Withdrawn)
                    SendWithdraw(connection, pending.Id);
                again++;
            }

            foreach (var (id, subscription) in _subscriptions)
                SendSubscribe(connection, id, subscription);
            _live = connection;
            _refused = null;
        }

        unfit.ForEach(u => Drop(u.Pending, u.Why));
        Log.Connected(_logger, _options.ToString(), again);
    }

    private async Task BackOffAsync(int failures, Exception why)
    {
        double most = Math.Min(_options.MaxBackoff.TotalMilliseconds, _options.MinBackoff.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 30)));
        // Half of it at random: clients that lost the same server do not come back together.
        var wait = TimeSpan.FromMilliseconds(most * (0.5 + 0.5 * Random.Shared.NextDouble()));
        // An outage is told once, and its end when it has ended.
        if (failures == 0)
            Log.Lost(_logger, _options.ToString(), why.Message);
        else
            Log.StillAway(_logger, _options.ToString(), (int)wait.TotalMilliseconds, why.Message);
        try
        {
            await Task.Delay(wait, _time, _ended.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Disposed of.
        }
    }

    /// <summary>Tells everybody who waits, and, until it is connected again, everybody who comes.</summary>
    private void End(Exception why, bool final)
    {
        List<Pending> pending;
        List<Subscription> subscriptions;
        lock (_gate)
        {
            _refused = why;
            _final |= final;
            pending = [.. _pending.Values];
            _pending.Clear();
            subscriptions = [.. _subscriptions.Values];
        }

        // First the owner: what the callers are told depends on it.
        OnRefused?.Invoke(why, final);
        foreach (var request in pending)
            Release(request, why);
        if (final)
            subscriptions.ForEach(subscription => subscription.End(why));
    }
}
