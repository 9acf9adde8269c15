using System.Data.Common;
using Drover.Brokers;
using Drover.EntityFrameworkCore;
using Drover.StoreTests.Postgres;
using Drover.StoreTests.Support;
using Drover.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace Drover.StoreTests.Transactions;

/// <summary>The outbox of Entity Framework, on each provider.</summary>
public abstract class OutboxTests : IAsyncLifetime
{
    private readonly Notes _notes = new();
    private readonly BrokenDelete _broken = new();
    private readonly InMemoryJobStore _store = new(TimeProvider.System);
    private IHost _host = null!;

    private protected abstract Task<(ShopSchema Schema, Action<DbContextOptionsBuilder> Use)> NewDatabaseAsync();

    protected abstract Task DropAsync();

    public async ValueTask InitializeAsync()
    {
        var (schema, use) = await NewDatabaseAsync();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(schema).AddDbContext<OutboxShop>(options =>
        {
            use(options);
            options.AddInterceptors(_broken).ReplaceService<IModelCacheKeyFactory, ModelBySchema>();
        });
        builder.Services.AddDrover(drover =>
        {
            drover.UseStore(_store);
            _notes.Handle(drover);
        });
        _host = builder.Build();
        await using (var scope = _host.Services.CreateAsyncScope())
        {
            var db = scope.ServiceProvider.GetRequiredService<OutboxShop>();
            await ShopSchema.CreateAsync(db);
        }

        await _host.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        if (_host is IAsyncDisposable host)
            await host.DisposeAsync();
        await _store.DisposeAsync();
        await DropAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Jobs_are_saved_with_SaveChanges_or_not_at_all_and_then_run_in_order()
    {
        using var relay = NewRelay(TimeProvider.System, new OutboxWake());
        await relay.StartAsync(default);
        await SaveAsync(db => db.Add(new Order { Text = "one" }), "first");
        await Assert.ThrowsAsync<DbUpdateException>(() => SaveAsync(db => db.Add(new Order { Text = "one" }), "never"));
        await SaveAsync(_ => { }, [.. Enumerable.Range(0, 50).Select(n => $"many {n}")]);
        await _notes.RunAsync("first", "many 49");
        Assert.Equal(["first", .. Enumerable.Range(0, 50).Select(n => $"many {n}")], _notes.Ran);
        await Notes.UntilAsync("the outbox is empty", async () => await WaitingAsync() == 0);
        await relay.StopAsync(default);
    }

    [Fact]
    public async Task Several_relays_hand_each_row_on_once()
    {
        await SaveAsync(_ => { }, [.. Enumerable.Range(0, 200).Select(n => $"{n}")]);
        var relays = Enumerable.Range(0, 3).Select(_ => NewRelay(TimeProvider.System, new(), new() { Batch = 20 })).ToList();
        foreach (var relay in relays)
            await relay.StartAsync(default);
        await Notes.UntilAsync("the outbox is empty", async () => await WaitingAsync() == 0);
        foreach (var relay in relays)
        {
            await relay.StopAsync(default);
            relay.Dispose();
        }

        Assert.Equal(200, await Notes.CountAsync(Broker));
        await Notes.UntilAsync("all ran", () => Task.FromResult(_notes.Ran.Count >= 200));
        Assert.Equal(200, _notes.Ran.Distinct().Count());
    }

    [Fact]
    public async Task A_relay_that_dies_midway_loses_and_doubles_nothing()
    {
        var clock = new TestClock();
        await SaveAsync(_ => { }, [.. Enumerable.Range(0, 20).Select(n => $"{n}")]);
        await SaveAsync(db => db.Outbox().Enqueue(new Note("unique"), new() { UniqueKey = "u" }));
        using (var dies = NewRelay(clock, new(), new() { Batch = 12 }))
        {
            // Accepted, but not deleted; nor given back.
            _broken.On = true;
            await Assert.ThrowsAnyAsync<Exception>(() => dies.RunOnceAsync(default));
            _broken.On = false;
        }

        Assert.Equal(21, await WaitingAsync());
        using var next = NewRelay(clock, new());
        Assert.Equal(9, await next.RunOnceAsync(default));
        // The rows of the dead one are let go when its lease is over.
        Assert.Equal(0, await next.RunOnceAsync(default));
        clock.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(12, await next.RunOnceAsync(default));
        Assert.Equal(0, await WaitingAsync());
        Assert.Equal(21, await Notes.CountAsync(Broker));
    }

    [Fact]
    public async Task A_row_that_can_never_be_accepted_is_laid_aside()
    {
        await SaveAsync(db => db.Add(new OutboxJob { Id = Guid.Empty, Content = [9] }), "good");
        using var relay = NewRelay(TimeProvider.System, new());
        Assert.Equal(2, await relay.RunOnceAsync(default));
        Assert.Equal(0, await relay.RunOnceAsync(default));
        await _notes.RunAsync("good");
        await using var scope = _host.Services.CreateAsyncScope();
        Assert.Contains("version 9", (await scope.ServiceProvider.GetRequiredService<OutboxShop>().Set<OutboxJob>().SingleAsync()).Fault, StringComparison.Ordinal);
    }

    private IBroker Broker => _host.Services.GetRequiredService<IBroker>();

    private OutboxRelay<OutboxShop> NewRelay(TimeProvider time, OutboxWake wake, OutboxOptions? options = null) =>
        new(_host.Services.GetRequiredService<IServiceScopeFactory>(), Broker, wake, options ?? new(), time, NullLogger.Instance);

    private async Task SaveAsync(Action<OutboxShop> change, params string[] notes)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<OutboxShop>();
        change(db);
        foreach (string note in notes)
            db.Outbox().Enqueue(new Note(note));
        await db.SaveChangesAsync();
    }

    private async Task<int> WaitingAsync()
    {
        await using var scope = _host.Services.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<OutboxShop>().Set<OutboxJob>().CountAsync();
    }

    /// <summary>Breaks what a relay sends after its jobs were accepted, as its end would.</summary>
    private sealed class BrokenDelete : DbCommandInterceptor
    {
        public bool On { get; set; }

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default) =>
            On && command.CommandText.StartsWith("DELETE", StringComparison.Ordinal) ? throw new IOException("died") : new(result);
    }
}

public sealed class SqliteOutbox : OutboxTests
{
    private readonly string _file = Path.Combine(Path.GetTempPath(), $"drover-outbox-{Guid.NewGuid():n}.db");

    private protected override Task<(ShopSchema Schema, Action<DbContextOptionsBuilder> Use)> NewDatabaseAsync() =>
        Task.FromResult<(ShopSchema, Action<DbContextOptionsBuilder>)>((new(""), options => options.UseSqlite($"Data Source={_file};Pooling=False")));

    protected override Task DropAsync()
    {
        foreach (string file in Directory.GetFiles(Path.GetTempPath(), Path.GetFileName(_file) + "*"))
            File.Delete(file);
        return Task.CompletedTask;
    }
}

public sealed class PostgresOutbox(PostgresServer server) : OutboxTests
{
    private readonly string _schema = server.NewSchema();

    private protected override async Task<(ShopSchema Schema, Action<DbContextOptionsBuilder> Use)> NewDatabaseAsync()
    {
        string connection = $"Host=127.0.0.1;Port={await server.PortAsync()};Username=drover;Database=postgres;Pooling=false";
        return (new(_schema), options => options.UseNpgsql(connection));
    }

    protected override Task DropAsync() => server.RunAsync($"DROP SCHEMA {_schema} CASCADE");
}
