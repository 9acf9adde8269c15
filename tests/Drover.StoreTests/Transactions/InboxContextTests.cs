using Drover.StoreTests.Postgres;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace Drover.StoreTests.Transactions;

/// <summary>Entity Framework on the PostgreSQL in which Drover keeps its jobs.</summary>
public sealed class InboxContextTests(PostgresServer server) : IAsyncLifetime
{
    private readonly string _schema = server.NewSchema();
    private ShopProgram _shop = null!;
    private AsyncServiceScope _scope;
    private InboxContext _db = null!;

    public async ValueTask InitializeAsync()
    {
        string connection = $"Host=127.0.0.1;Port={await server.PortAsync()};Username=drover;Database=postgres;Pooling=false";
        _shop = await ShopProgram.StartAsync(server, _schema, services => services.AddSingleton(new ShopSchema(_schema))
            .AddDbContext<InboxContext>(options => options.UseNpgsql(connection).ReplaceService<IModelCacheKeyFactory, ModelBySchema>()));
        _scope = _shop.Services.CreateAsyncScope();
        _db = _scope.ServiceProvider.GetRequiredService<InboxContext>();
        await ShopSchema.CreateAsync(_db);
    }

    public async ValueTask DisposeAsync()
    {
        await _scope.DisposeAsync();
        await _shop.DisposeAsync();
        await server.RunAsync($"DROP SCHEMA {_schema} CASCADE");
    }

    [Fact]
    public async Task A_job_shares_the_fate_of_the_contexts_transaction()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => _db.EnqueueAsync(new Note("no transaction")).AsTask());
        await using (var transaction = await _db.Database.BeginTransactionAsync())
        {
            _db.Add(new Order { Text = "one" });
            await _db.SaveChangesAsync();
            await _db.EnqueueAsync(new Note("rolled back"));
            await transaction.RollbackAsync();
        }

        _db.ChangeTracker.Clear();
        await using (var transaction = await _db.Database.BeginTransactionAsync())
        {
            _db.Add(new Order { Text = "two" });
            await _db.SaveChangesAsync();
            Assert.Equal(2, (await _db.EnqueueManyAsync([new Note("a"), new Note("b")])).Count);
            await transaction.CommitAsync();
        }

        await _shop.Notes.RunAsync("a", "b");
        Assert.Equal(["a", "b"], _shop.Notes.Ran);
        Assert.Equal("two", (await _db.Orders.SingleAsync()).Text);
    }

    [Fact]
    public async Task A_job_is_saved_with_SaveChanges_or_not_at_all()
    {
        _db.Add(new Order { Text = "one" });
        var id = _db.Outbox().Enqueue(new Note("saved"));
        await _db.SaveChangesAsync();
        await _shop.Notes.RunAsync("saved");
        Assert.NotNull(await Notes.JobAsync(_shop.Broker, id));

        _db.ChangeTracker.Clear();
        _db.Add(new Order { Text = "one" });
        _db.Outbox().Enqueue(new Note("refused"));
        await Assert.ThrowsAsync<DbUpdateException>(() => _db.SaveChangesAsync());
        _db.ChangeTracker.Clear();
        for (int n = 0; n < 30; n++)
            _db.Outbox().Enqueue(new Note($"many {n}"));
        await _db.SaveChangesAsync();
        await _shop.Notes.RunAsync("many 29");
        Assert.Equal(["saved", .. Enumerable.Range(0, 30).Select(n => $"many {n}")], _shop.Notes.Ran);
        await using var connection = await server.ConnectAsync();
        await Notes.UntilAsync("the inbox is empty", async () => await ShopProgram.WaitingAsync(connection, _schema) == 0);
    }
}
