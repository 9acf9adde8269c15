using System.Reflection;
using Drover.Storage;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace Drover.Redis.Engine;

/// <summary>The connection: runs scripts and commands, and says in the store's words what went wrong.</summary>
internal sealed class Link : IAsyncDisposable
{
    private static readonly string Prelude = ReadScript("prelude");
    private readonly ConnectionMultiplexer _connection;
    private readonly RedisKey[] _tag;
    private int _disposed;

    private Link(ConnectionMultiplexer connection, string prefix)
    {
        _connection = connection;
        Prefix = "{drover:" + prefix + "}";
        _tag = [Prefix];
        Data = connection.GetDatabase();
    }

    public string Prefix { get; }

    public IDatabase Data { get; }

    public ConnectionMultiplexer Connection => _connection;

    public static async ValueTask<Link> ConnectAsync(RedisOptions options, ILogger log)
    {
        if (options.Prefix.Length is 0 or > 100 || !options.Prefix.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            throw new RedisConfigurationException("The prefix of the Redis store must be 1 to 100 letters, digits, '-', '_' or '.'.");
        var configuration = ConnectionText.Parse(options.ConnectionString);
        try
        {
            var connection = await ConnectionMultiplexer.ConnectAsync(configuration);
            connection.ConnectionFailed += (_, e) => Log.ConnectionLost(log, e.EndPoint?.ToString(), e.FailureType, e.Exception);
            connection.ConnectionRestored += (_, e) => Log.ConnectionRestored(log, e.EndPoint?.ToString());
            return new(connection, options.Prefix);
        }
        catch (RedisConnectionException e)
        {
            throw new StoreUnavailableException("The Redis server cannot be reached: check its address, its password and that it runs.", e);
        }
    }

    public RedisKey Key(string name) => Prefix + ":" + name;

    public static string Script(string name) => Prelude + ReadScript(name);

    /// <summary>Runs a script; its hash is sent where the server knows it.</summary>
    public async ValueTask<RedisResult> RunAsync(string script, RedisValue[] values, CancellationToken cancel)
    {
        Enter(cancel);
        try
        {
            return await Data.ScriptEvaluateAsync(script, _tag, values);
        }
        // A server that was started anew, or took over, has yet to learn the script; nothing of it was run.
        catch (RedisServerException e) when (e.Message.StartsWith("NOSCRIPT", StringComparison.Ordinal))
        {
            return await CallAsync(db => db.ScriptEvaluateAsync(script, _tag, values), cancel);
        }
        catch (Exception e) when (Failure(e) is { } failure)
        {
            throw failure;
        }
    }

    public async ValueTask<T> CallAsync<T>(Func<IDatabase, Task<T>> call, CancellationToken cancel)
    {
        Enter(cancel);
        try
        {
            return await call(Data);
        }
        catch (Exception e) when (Failure(e) is { } failure)
        {
            throw failure;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
            await _connection.DisposeAsync();
    }

    private void Enter(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _disposed) != 0, this);
    }

    private Exception? Failure(Exception e) => e switch
    {
        ObjectDisposedException => new ObjectDisposedException(nameof(RedisDatabase)),
        RedisTimeoutException { Commandstatus: var status } => Away("The Redis server did not answer in time.", status, e),
        RedisConnectionException { CommandStatus: var status } => Away("The connection to the Redis server is lost.", status, e),
        // An error in the middle of a script leaves what it had written.
        RedisServerException => new StoreUnavailableException("The Redis server refused: " + e.Message, e) { InDoubt = e.Message.Contains("script:", StringComparison.Ordinal) },
        TaskCanceledException when Volatile.Read(ref _disposed) != 0 => new ObjectDisposedException(nameof(RedisDatabase)),
        _ => null,
    };

    private static StoreUnavailableException Away(string message, CommandStatus status, Exception e) =>
        new(message, e) { InDoubt = status is not (CommandStatus.WaitingToBeSent or CommandStatus.WaitingInBacklog) };

    private static string ReadScript(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name + ".lua")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
