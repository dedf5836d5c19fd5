/** Value representations by tag (PS3.6 §6). */
type Vrs = Readonly<Record<number, string>>;

/**
 * What a result takes over from its source, by module. Private elements at the top level stay behind: which module
 * they belong to, nobody but their maker knows; inside a sequence they go along.
 */
export const subjectVrs: Vrs = {
  // SOP common (only what governs how the copied values are read)
  0x00080005: 'CS', // SpecificCharacterSet
  0x00080201: 'SH', // TimezoneOffsetFromUTC
  // General Study (PS3.3 §C.7.2.1)
  0x00080020: 'DA', // StudyDate
  0x00080030: 'TM', // StudyTime
  0x00080050: 'SH', // AccessionNumber
  0x00080051: 'SQ', // IssuerOfAccessionNumberSequence
  0x00080090: 'PN', // ReferringPhysicianName
  0x00080096: 'SQ', // ReferringPhysicianIdentificationSequence
  0x0008009c: 'PN', // ConsultingPhysicianName
  0x0008009d: 'SQ', // ConsultingPhysicianIdentificationSequence
  0x00081030: 'LO', // StudyDescription
  0x00081032: 'SQ', // ProcedureCodeSequence
  0x00081048: 'PN', // PhysiciansOfRecord
  0x00081049: 'SQ', // PhysiciansOfRecordIdentificationSequence
  0x00081060: 'PN', // NameOfPhysiciansReadingStudy
  0x00081062: 'SQ', // PhysiciansReadingStudyIdentificationSequence
  0x00081110: 'SQ', // ReferencedStudySequence
  0x0020000d: 'UI', // StudyInstanceUID
  0x00200010: 'SH', // StudyID
  0x00321033: 'LO', // RequestingService
  0x00321034: 'SQ', // RequestingServiceCodeSequence
  0x00401012: 'SQ', // ReasonForPerformedProcedureCodeSequence
  // Patient (§C.7.1.1)
  0x00081120: 'SQ', // ReferencedPatientSequence
  0x00100010: 'PN', // PatientName
  0x00100020: 'LO', // PatientID
  0x00100021: 'LO', // IssuerOfPatientID
  0x00100022: 'CS', // TypeOfPatientID
  0x00100024: 'SQ', // IssuerOfPatientIDQualifiersSequence
  0x00100026: 'SQ', // SourcePatientGroupIdentificationSequence
  0x00100027: 'SQ', // GroupOfPatientsIdentificationSequence
  0x00100030: 'DA', // PatientBirthDate
  0x00100032: 'TM', // PatientBirthTime
  0x00100033: 'LO', // PatientBirthDateInAlternativeCalendar
  0x00100034: 'LO', // PatientDeathDateInAlternativeCalendar
  0x00100035: 'CS', // PatientAlternativeCalendar
  0x00100040: 'CS', // PatientSex
  0x00100200: 'CS', // QualityControlSubject
  0x00100201: 'SQ', // QualityControlSubjectTypeCodeSequence
  0x00100212: 'UC', // StrainDescription
  0x00101000: 'LO', // OtherPatientIDs
  0x00101001: 'PN', // OtherPatientNames
  0x00101002: 'SQ', // OtherPatientIDsSequence
  0x00101100: 'SQ', // ReferencedPatientPhotoSequence
  0x00102160: 'SH', // EthnicGroup
  0x00102161: 'SQ', // EthnicGroupCodeSequence
  0x00102201: 'LO', // PatientSpeciesDescription
  0x00102202: 'SQ', // PatientSpeciesCodeSequence
  0x00102292: 'LO', // PatientBreedDescription
  0x00102293: 'SQ', // PatientBreedCodeSequence
  0x00102294: 'SQ', // BreedRegistrationSequence
  0x00102297: 'PN', // ResponsiblePerson
  0x00102298: 'CS', // ResponsiblePersonRole
  0x00102299: 'LO', // ResponsibleOrganization
  0x00104000: 'LT', // PatientComments
  0x00120062: 'CS', // PatientIdentityRemoved
  0x00120063: 'LO', // DeidentificationMethod
  0x00120064: 'SQ', // DeidentificationMethodCodeSequence
  // Patient Study (§C.7.2.2)
  0x00081080: 'LO', // AdmittingDiagnosesDescription
  0x00081084: 'SQ', // AdmittingDiagnosesCodeSequence
  0x00101010: 'AS', // PatientAge
  0x00101020: 'DS', // PatientSize
  0x00101021: 'SQ', // PatientSizeCodeSequence
  0x00101022: 'DS', // PatientBodyMassIndex
  0x00101030: 'DS', // PatientWeight
  0x00102000: 'LO', // MedicalAlerts
  0x00102110: 'LO', // Allergies
  0x00102180: 'SH', // Occupation
  0x001021a0: 'CS', // SmokingStatus
  0x001021b0: 'LT', // AdditionalPatientHistory
  0x001021c0: 'US', // PregnancyStatus
  0x001021d0: 'DA', // LastMenstrualDate
  0x00102203: 'CS', // PatientSexNeutered
  0x00321066: 'UT', // ReasonForVisit
  0x00321067: 'SQ', // ReasonForVisitCodeSequence
  0x00380010: 'LO', // AdmissionID
  0x00380014: 'SQ', // IssuerOfAdmissionIDSequence
  0x00380060: 'LO', // ServiceEpisodeID
  0x00380062: 'LO', // ServiceEpisodeDescription
  0x00380064: 'SQ', // IssuerOfServiceEpisodeIDSequence
  0x00380500: 'LO', // PatientState
  // Clinical Trial Subject and Study (§C.7.1.3, §C.7.2.3)
  0x00120010: 'LO', // ClinicalTrialSponsorName
  0x00120020: 'LO', // ClinicalTrialProtocolID
  0x00120021: 'LO', // ClinicalTrialProtocolName
  0x00120030: 'LO', // ClinicalTrialSiteID
  0x00120031: 'LO', // ClinicalTrialSiteName
  0x00120040: 'LO', // ClinicalTrialSubjectID
  0x00120042: 'LO', // ClinicalTrialSubjectReadingID
  0x00120050: 'LO', // ClinicalTrialTimePointID
  0x00120051: 'ST', // ClinicalTrialTimePointDescription
  0x00120052: 'FD', // LongitudinalTemporalOffsetFromEvent
  0x00120053: 'CS', // LongitudinalTemporalEventType
  0x00120081: 'LO', // ClinicalTrialProtocolEthicsCommitteeName
  0x00120082: 'LO', // ClinicalTrialProtocolEthicsCommitteeApprovalNumber
  0x00120083: 'SQ', // ConsentForClinicalTrialUseSequence
  // Frame of Reference (§C.7.4.1)
  0x00200052: 'UI', // FrameOfReferenceUID
  0x00201040: 'LO', // PositionReferenceIndicator
};

/** What stands in the items of those sequences, for sources that do not write value representations. */
export const nestedVrs: Vrs = {
  0x00080080: 'LO', // InstitutionName
  0x00080081: 'ST', // InstitutionAddress
  0x00080082: 'SQ', // InstitutionCodeSequence
  0x00080100: 'SH', // CodeValue
  0x00080102: 'SH', // CodingSchemeDesignator
  0x00080103: 'SH', // CodingSchemeVersion
  0x00080104: 'LO', // CodeMeaning
  0x00080105: 'CS', // MappingResource
  0x00080106: 'DT', // ContextGroupVersion
  0x00080107: 'DT', // ContextGroupLocalVersion
  0x0008010b: 'CS', // ContextGroupExtensionFlag
  0x0008010d: 'UI', // ContextGroupExtensionCreatorUID
  0x0008010f: 'CS', // ContextIdentifier
  0x00080117: 'UI', // ContextUID
  0x00080118: 'UI', // MappingResourceUID
  0x00080119: 'UC', // LongCodeValue
  0x00080120: 'UR', // URNCodeValue
  0x00080121: 'SQ', // EquivalentCodeSequence
  0x00080122: 'LO', // MappingResourceName
  0x00081040: 'LO', // InstitutionalDepartmentName
  0x00081150: 'UI', // ReferencedSOPClassUID
  0x00081155: 'UI', // ReferencedSOPInstanceUID
  0x00081160: 'IS', // ReferencedFrameNumber
  0x00100028: 'US', // SubjectRelativePositionInImage
  0x00102295: 'LO', // BreedRegistrationNumber
  0x00102296: 'SQ', // BreedRegistryCodeSequence
  0x00120084: 'CS', // DistributionType
  0x00120085: 'CS', // ConsentForDistributionFlag
  0x00400031: 'UT', // LocalNamespaceEntityID
  0x00400032: 'UT', // UniversalEntityID
  0x00400033: 'CS', // UniversalEntityIDType
  0x00400035: 'CS', // IdentifierTypeCode
  0x00400036: 'SQ', // AssigningFacilitySequence
  0x00400039: 'SQ', // AssigningJurisdictionCodeSequence
  0x0040003a: 'SQ', // AssigningAgencyOrDepartmentCodeSequence
  0x00401101: 'SQ', // PersonIdentificationCodeSequence
  0x00401102: 'ST', // PersonAddress
  0x00401103: 'LO', // PersonTelephoneNumbers
  0x00401104: 'LT', // PersonTelecomInformation
};
