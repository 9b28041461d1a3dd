using Llm4Msr.Knowledge;

namespace Llm4Msr.Import.Exchange;

/// <param name="Where">The record's place in its file, for messages.</param>
/// <param name="Checksum">As the file has it.</param>
internal sealed record ExchangedRecord(string Where, KnowledgeRecord Record, uint Checksum);
