using System.Text.Json.Serialization;
using Drover.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace Drover.StoreTests.Docs;

// The code of docs/transactions.md, so that it compiles; DocsTests in Drover.Tests compares.
[JobKind("send-email")]
internal sealed record SendEmail(string To, string Subject);

[JobKind("confirm-order")]
internal sealed record ConfirmOrder(int Order);

[JsonSerializable(typeof(ConfirmOrder))]
internal sealed partial class AppJson : JsonSerializerContext;

internal sealed class ShopOrder
{
    public int Id { get; set; }

    public int Number { get; init; }
}

internal sealed class ShopContext(DbContextOptions<ShopContext> options) : DbContext(options)
{
    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.AddDroverOutbox();     // then make a migration
}

internal static class Page
{
    public static async Task WithNpgsqlAsync(NpgsqlConnection connection, IJobClient jobs)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        Guid id = await jobs.EnqueueAsync(new SendEmail("ada@example.org", "Thanks"), new() { Priority = 3 }, transaction);
        await transaction.CommitAsync();
        Console.WriteLine(id);
    }

    public static async Task WithEntityFrameworkAsync(ShopContext db, ShopOrder order)
    {
        await using var transaction = await db.Database.BeginTransactionAsync();
        db.Add(order);
        await db.SaveChangesAsync();
        await db.EnqueueAsync(new ConfirmOrder(order.Id));
        await transaction.CommitAsync();
    }

    public static async Task InOneSaveAsync(ShopContext db, ShopOrder order)
    {
        db.Add(order);
        db.Outbox().Enqueue(new ConfirmOrder(order.Number));
        await db.SaveChangesAsync();
    }

    public static async Task WithOutboxAsync(IServiceCollection services, ShopContext db, ShopOrder order, string database, string token)
    {
        services.AddDbContext<ShopContext>(options => options.UseSqlite(database));
        services.AddDrover(drover => drover.UseNetQueue("netqueue://queue.example.org:9000", token).AddJob(AppJson.Default.ConfirmOrder));
        services.AddDroverOutboxRelay<ShopContext>();

        db.Add(order);
        db.Outbox().Enqueue(new ConfirmOrder(order.Number), new() { Delay = TimeSpan.FromMinutes(5) });
        await db.SaveChangesAsync();
    }
}
