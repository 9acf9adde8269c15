using Drover.EntityFrameworkCore;

namespace Microsoft.EntityFrameworkCore;

/// <summary>Puts the rows of jobs into a model.</summary>
public static class OutboxModel
{
    /// <summary>
    /// Adds the outbox, a table of the program's own database, whatever it is. Make a migration afterwards, and have the rows handed on by
    /// <c>services.AddDroverOutboxRelay&lt;TContext&gt;()</c>.
    /// </summary>
    /// <param name="model">The model, in <c>OnModelCreating</c>.</param>
    /// <param name="table">The table.</param>
    /// <param name="schema">Its schema; null for the model's own.</param>
    public static ModelBuilder AddDroverOutbox(this ModelBuilder model, string table = "drover_outbox", string? schema = null)
    {
        var row = model.Entity<OutboxJob>();
        row.ToTable(table, schema);
        row.HasKey(job => job.Id);
        row.Property(job => job.Id).HasColumnName("id").ValueGeneratedNever();
        row.Property(job => job.Content).HasColumnName("content");
        row.Property(job => job.TakenBy).HasColumnName("taken_by");
        row.Property(job => job.TakenUntil).HasColumnName("taken_until");
        row.Property(job => job.Fault).HasColumnName("fault");
        return model;
    }

    /// <summary>
    /// Lets <c>db.Outbox()</c> write into Drover's own inbox, when the program's tables are in the PostgreSQL database in which Drover keeps its
    /// jobs. The table is Drover's: no migration makes it, and no relay is needed.
    /// </summary>
    /// <param name="model">The model, in <c>OnModelCreating</c>.</param>
    /// <param name="schema">Drover's schema.</param>
    public static ModelBuilder AddDroverInbox(this ModelBuilder model, string schema = "drover")
    {
        var row = model.Entity<OutboxJob>();
        row.ToTable("inbox", schema, table => table.ExcludeFromMigrations());
        row.HasKey(job => job.Id);
        row.Property(job => job.Id).HasColumnName("id").ValueGeneratedNever();
        row.Property(job => job.Content).HasColumnName("content");
        row.Ignore(job => job.TakenBy);
        row.Ignore(job => job.TakenUntil);
        row.Ignore(job => job.Fault);
        return model;
    }
}
