using System.Collections.Concurrent;
using Drover.Brokers;
using Microsoft.Extensions.Logging;

namespace Drover.NetQueue.Server;

/// <summary>What the connections of one server share.</summary>
internal sealed class ServerContext(IBroker broker, NetQueueServerOptions options, TimeProvider time, ILoggerFactory logs, NetQueueCatalog? catalog = null)
{
    private int _connections;

    public static string Software { get; } = "drover/" + typeof(ServerContext).Assembly.GetName().Version?.ToString(3);

    public IBroker Broker { get; } = broker;

    /// <summary>What is shared with admins beside the jobs; null for nothing.</summary>
    public NetQueueCatalog? Catalog { get; } = catalog;

    public NetQueueServerOptions Options { get; } = options;

    public TimeProvider Time { get; } = time;

    public ILogger Logger { get; } = logs.CreateLogger("Drover.NetQueue.Server");

    public TokenBook Tokens { get; } = new(options);

    public WorkerSeats Seats { get; } = new(broker, options, time, logs.CreateLogger("Drover.NetQueue.Workers"));

    public DateTimeOffset StartedAt { get; } = time.GetUtcNow();

    /// <summary>Every open connection, by a number of its own.</summary>
    public ConcurrentDictionary<ServerConnection, bool> Open { get; } = new();

    /// <summary>The connection of each client, so that a new one can take over from a broken one.</summary>
    public ConcurrentDictionary<Guid, ServerConnection> Clients { get; } = new();

    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Counts a connection in; false when there are too many.</summary>
    public bool TryEnter()
    {
        if (Interlocked.Increment(ref _connections) <= Options.MaxConnections)
            return true;
        Leave();
        return false;
    }

    public void Leave() => Interlocked.Decrement(ref _connections);
}
