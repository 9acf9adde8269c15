using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Drover.StoreTests.Transactions;

internal sealed class Order
{
    public int Id { get; set; }

    public required string Text { get; init; }
}

/// <summary>A program's own tables beside Drover's: in a transaction, or with SaveChanges into Drover's inbox.</summary>
internal sealed class InboxContext(DbContextOptions<InboxContext> options, ShopSchema schema) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.HasDefaultSchema(schema.Name).AddDroverInbox(schema.Name);
        modelBuilder.Entity<Order>().HasIndex(order => order.Text).IsUnique();
    }
}

/// <summary>A program's own tables with an outbox, wherever Drover is.</summary>
internal sealed class OutboxShop(DbContextOptions<OutboxShop> options, ShopSchema schema) : DbContext(options)
{
    public DbSet<Order> Orders => Set<Order>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        if (schema.Name.Length > 0)
            modelBuilder.HasDefaultSchema(schema.Name);
        modelBuilder.AddDroverOutbox();
        modelBuilder.Entity<Order>().HasIndex(order => order.Text).IsUnique();
    }
}

/// <summary>A schema for one test's tables. A model is made once for a type of context: one for each schema.</summary>
internal sealed record ShopSchema(string Name)
{
    /// <summary>Makes the tables of a model beside whatever there is.</summary>
    public static async Task CreateAsync(DbContext db) => await db.GetService<IRelationalDatabaseCreator>().CreateTablesAsync();
}

/// <summary>Tells models of different schemas apart.</summary>
internal sealed class ModelBySchema : IModelCacheKeyFactory
{
    public object Create(DbContext context, bool designTime) =>
        (context.GetType(), designTime, context.GetService<IDbContextOptions>().FindExtension<CoreOptionsExtension>()?.ApplicationServiceProvider?.GetService<ShopSchema>()?.Name);
}
